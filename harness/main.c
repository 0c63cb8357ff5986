#include <stdio.h>

int main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("twinrig " TW_VERSION);
	return 0;
}
