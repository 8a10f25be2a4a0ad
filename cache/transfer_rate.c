/*
 * Rates of transfers.  Any thread; rate.lock guards them.
 */
#include "cache/transfer_rate.h"
#include "client/base/time.h"

/*
 * Users of Buddy firmware see 100 kB to 1 MB a second (Prusa-Firmware-Buddy,
 * issue 3049).  A printer whose rates are not known yet is taken to be slow.
 */
#define RATE_UNKNOWN 200000
#define SAMPLE	     65536 /* bytes; of fewer the time is mostly latency */

void
transfer_rate_init(struct transfer_rate *rate)
{
	pthread_mutex_init(&rate->lock, NULL);
}

void
transfer_rate_destroy(struct transfer_rate *rate)
{
	pthread_mutex_destroy(&rate->lock);
}

void
transfer_rate_upload(struct transfer_rate *rate, int more)
{
	pthread_mutex_lock(&rate->lock);
	rate->uploads += more;
	pthread_mutex_unlock(&rate->lock);
}

/* A small one may show that a printer is quick, not that it is slow. */
void
transfer_rate_note(struct transfer_rate *rate, enum transfer_rate_way way,
    off_t bytes, int64_t ms)
{
	int64_t measured = bytes * 1000 / (ms > 0 ? ms : 1);

	if (bytes <= 0)
		return;
	pthread_mutex_lock(&rate->lock);
	if (bytes >= SAMPLE || measured > rate->rate[way])
		rate->rate[way] = measured > 0 ? measured : 1;
	pthread_mutex_unlock(&rate->lock);
}

/* With the lock; the link is the same both ways. */
static int64_t
rate_of(const struct transfer_rate *rate, enum transfer_rate_way way)
{
	enum transfer_rate_way other = way == TRANSFER_UP ? TRANSFER_DOWN :
							    TRANSFER_UP;

	if (rate->rate[way] > 0)
		return rate->rate[way];
	return rate->rate[other] > 0 ? rate->rate[other] : RATE_UNKNOWN;
}

int64_t
transfer_rate_estimate_ms(struct transfer_rate *rate, off_t down, off_t up)
{
	int64_t ms = -1;

	pthread_mutex_lock(&rate->lock);
	if (rate->uploads == 0)
		ms = down * 1000 / rate_of(rate, TRANSFER_DOWN) +
		    up * 1000 / rate_of(rate, TRANSFER_UP);
	pthread_mutex_unlock(&rate->lock);
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
transfer_rate_source(struct paced_source *paced, const struct source *inner)
{
	const struct source source = {
		.read = paced_read, .arg = paced, .len = inner->len
	};

	paced->inner = *inner;
	paced->began_ms = 0;
	return source;
}
