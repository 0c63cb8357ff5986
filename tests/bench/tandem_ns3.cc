/*
 * The system of tandem.c in ns-3's core: its default scheduler and its own
 * random variables; a station is a counter and a queue of requests.
 *
 * Prints "requests cpu-seconds mean-response".
 */
#include "ns3/core-module.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>

using namespace ns3;

namespace {

constexpr int kStations = 8, kServers = 16;
constexpr double kLoad = 0.8;

struct Request {
	int station;
	Time start;
};

struct Station {
	int busy = 0;
	std::deque<Request *> waiting;
};

Station stations[kStations];
Ptr<ExponentialRandomVariable> work, gap;
unsigned long left, done;
double sum;

void Arrive(Request *request);

void Depart(Request *request)
{
	Station &station = stations[request->station];

	if (station.waiting.empty()) {
		station.busy--;
	} else {
		Request *next = station.waiting.front();

		station.waiting.pop_front();
		Simulator::Schedule(
			NanoSeconds(work->GetValue() * 1e6), &Depart, next);
	}
	if (++request->station < kStations) {
		Arrive(request);
		return;
	}
	sum += (Simulator::Now() - request->start).GetDouble() / 1e6;
	done++;
	delete request;
}

void Arrive(Request *request)
{
	Station &station = stations[request->station];

	if (station.busy == kServers) {
		station.waiting.push_back(request);
		return;
	}
	station.busy++;
	Simulator::Schedule(
		NanoSeconds(work->GetValue() * 1e6), &Depart, request);
}

void Generate()
{
	Arrive(new Request{0, Simulator::Now()});
	if (--left)
		Simulator::Schedule(
			NanoSeconds(gap->GetValue() * 1e6), &Generate);
}

} // namespace

int main(int argc, char **argv)
{
	Time::SetResolution(Time::NS);
	left = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000000;
	work = CreateObject<ExponentialRandomVariable>();
	work->SetAttribute("Mean", DoubleValue(1.0));
	gap = CreateObject<ExponentialRandomVariable>();
	gap->SetAttribute("Mean", DoubleValue(1.0 / (kLoad * kServers)));
	unsigned long n = left;
	std::clock_t start = std::clock();
	Simulator::Schedule(NanoSeconds(1), &Generate);
	Simulator::Run();
	std::printf("%lu %.3f %.4f\n", n,
		double(std::clock() - start) / CLOCKS_PER_SEC, sum / done);
	Simulator::Destroy();
}
