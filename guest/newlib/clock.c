/* The clock and the calendar: what must hold whatever the time is, and dates that are fixed. */

#include <stdio.h>
#include <sys/time.h>
#include <time.h>

static volatile unsigned sink;

static int clock_goes_on(void)
{
	clock_t start = clock(), now;

	for (int i = 0; i < 1000000; i++) {
		for (int work = 0; work < 200; work++)
			sink = sink + (unsigned)work;
		now = clock();
		if (now < start)
			return 0;
		if (now > start)
			return 1;
	}
	return 0;
}

static int times_agree(void)
{
	struct timeval of_day;
	time_t before = time(NULL), stored, after;

	if (gettimeofday(&of_day, NULL) != 0)
		return 0;
	after = time(&stored);
	return before > 0 && before <= of_day.tv_sec && of_day.tv_sec <= after && stored == after;
}

static int round_trips(void)
{
	time_t now = time(NULL);
	struct tm *parts = gmtime(&now);

	return mktime(parts) == now && parts->tm_year >= 120;
}

static void print_date(time_t when)
{
	char text[80];

	strftime(text, sizeof text, "%A %d %B %Y, %H:%M:%S, day %j of the year", gmtime(&when));
	printf("%lld: %s\n", (long long)when, text);
}

static int easter(int year)
{
	int golden = year % 19, century = year / 100, rest = year % 100;
	int moon = (century - (century + 8) / 25 + 1) / 3;
	int epact = (19 * golden + century - century / 4 - moon + 15) % 30;
	int weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
	int late = (golden + 11 * epact + 22 * weekday) / 451;

	return epact + weekday - 7 * late + 114;
}

int main(void)
{
	struct tm moon = {
		.tm_year = 69, .tm_mon = 6, .tm_mday = 20, .tm_hour = 20, .tm_min = 17, .tm_sec = 40
	};
	struct tm overflowing = { .tm_year = 124, .tm_mon = 0, .tm_mday = 60, .tm_hour = 25 };

	printf("clock goes on: %d\n", clock_goes_on());
	printf("times agree: %d\n", times_agree());
	printf("round trips: %d\n", round_trips());
	for (long long when = 0; when < 5000000000; when += 987654321)
		print_date((time_t)when);
	print_date(951782399);
	printf("moon %lld\n", (long long)mktime(&moon));
	mktime(&overflowing);
	printf("the 60th of January: %s", asctime(&overflowing));
	for (int year = 2000; year < 2100; year += 9)
		printf("%d-%02d-%02d ", year, easter(year) / 31, easter(year) % 31 + 1);
	printf("\n%.0f\n", difftime(1000000, 1));
	return 0;
}
