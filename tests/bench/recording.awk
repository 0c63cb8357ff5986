# A .gor recording of N exchanges as a browser's are: awk -v n=N -f this
function field(name, value) { return name ": " value "\r\n" }
function record(type, id, ms, start, body, has_length) {
	printf "%d %s %.0f%06d 0\n%s", type, id, ms, 1000 * type, start
	if (has_length)
		printf "%s", field("Content-Type", "application/json") \
			field("Content-Length", length(body))
	printf "\r\n%s\n\360\237\220\265\360\237\231\210\360\237\231\211\n", body
}
BEGIN {
	srand(1)
	for (i = 0; i < n; i++) {
		id = sprintf("%08x%08x%08x", 1000000 + i / 3, i * 7, i)
		ms = 1790000000000 + int(i / 10)
		buys = rand() < 0.15
		line = buys ? "POST /cart" : sprintf("GET /product/%d?ref=%d",
			rand() * 5000, rand() * 1e6)
		record(1, id, ms, line " HTTP/1.1\r\n" \
			field("Host", "shop.example") \
			field("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0") \
			field("Accept", "text/html,application/json") \
			field("Referer", "https://shop.example/list/" int(rand() * 1000)) \
			field("Cookie", sprintf("session=%08x%08x", rand() * 2^31, rand() * 2^31)),
			buys ? sprintf("{\"product\":%d,\"quantity\":%d}", rand() * 5000, rand() * 5) : "", buys)
		record(2, id, ms + 4 + int(rand() * 40), "HTTP/1.1 200 OK\r\n" \
			field("Date", "Tue, 10 Nov 2026 10:00:00 GMT"),
			sprintf("{\"id\":%d,\"name\":\"thing %d\",\"price\":%d,\"stock\":[%d,%d,%d]}",
				rand() * 5000, rand() * 5000, rand() * 9999,
				rand() * 9, rand() * 9, rand() * 9), 1)
	}
}
