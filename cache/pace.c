/*
 * Rates of transfers.  Any thread; pace.lock guards them.
 */
#include "cache/pace.h"
#include "client/base/time.h"

/*
 * Users of Buddy firmware see 100 kB to 1 MB a second (Prusa-Firmware-Buddy,
 * issue 3049).  A printer whose rates are not known yet is taken to be slow.
 */
#define RATE_UNKNOWN 200000
#define SAMPLE	     65536 /* bytes; of fewer the time is mostly latency */

void
pace_init(struct pace *pace)
{
	pthread_mutex_init(&pace->lock, NULL);
}

void
pace_destroy(struct pace *pace)
{
	pthread_mutex_destroy(&pace->lock);
}

void
pace_upload(struct pace *pace, int more)
{
	pthread_mutex_lock(&pace->lock);
	pace->uploads += more;
	pthread_mutex_unlock(&pace->lock);
}

/* A small one may show that a printer is quick, not that it is slow. */
void
pace_note(struct pace *pace, enum pace_way way, off_t bytes, int64_t ms)
{
	int64_t rate = bytes * 1000 / (ms > 0 ? ms : 1);

	if (bytes <= 0)
		return;
	pthread_mutex_lock(&pace->lock);
	if (bytes >= SAMPLE || rate > pace->rate[way])
		pace->rate[way] = rate > 0 ? rate : 1;
	pthread_mutex_unlock(&pace->lock);
}

/* With the lock; the link is the same both ways. */
static int64_t
rate_of(const struct pace *pace, enum pace_way way)
{
	enum pace_way other = way == PACE_UP ? PACE_DOWN : PACE_UP;

	if (pace->rate[way] > 0)
		return pace->rate[way];
	return pace->rate[other] > 0 ? pace->rate[other] : RATE_UNKNOWN;
}

int64_t
pace_estimate_ms(struct pace *pace, off_t down, off_t up)
{
	int64_t ms = -1;

	pthread_mutex_lock(&pace->lock);
	if (pace->uploads == 0)
		ms = down * 1000 / rate_of(pace, PACE_DOWN) +
		    up * 1000 / rate_of(pace, PACE_UP);
	pthread_mutex_unlock(&pace->lock);
	return ms;
}

static ssize_t
paced_read(void *arg, void *out, size_t len, off_t offset)
{
	struct paced_source *paced = arg;

	if (paced->began_ms == 0)
		paced->began_ms = time_now_ms();
	return paced->inner.read(paced->inner.arg, out, len, offset);
}

struct source
pace_source(struct paced_source *paced, const struct source *inner)
{
	const struct source source = {
		.read = paced_read, .arg = paced, .len = inner->len
	};

	paced->inner = *inner;
	paced->began_ms = 0;
	return source;
}
