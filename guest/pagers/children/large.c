/* A program of many pages, of which a run touches few: for load.c. */

#include "check.h"
#include "console.h"

/* Half a megabyte of tables; one of them is asked for. */
static const volatile unsigned tables[32][4096] = {[7] = {[100] = 4711}, [31] = {[4095] = 12}};
static volatile unsigned work[64][1024];

int main(int argc, char **argv)
{
	CHECK(argc == 2 && argv[1][0] == 'x');
	work[3][5] = tables[7][100];
	CHECK(work[3][5] == 4711 && work[60][1000] == 0);
	return 42;
}
