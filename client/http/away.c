/*
 * Away and back.  Any thread; away.lock guards the state and is a leaf.
 */
#include <errno.h>
#include <string.h>

#include "client/base/log.h"
#include "client/base/time.h"
#include "client/http/away.h"

void
away_init(struct away *away, const char *name, bool is_away)
{
	memset(away, 0, sizeof(*away));
	away->name = name;
	away->is_away = is_away;
	away->attempt_ms = time_now_ms();
	pthread_mutex_init(&away->lock, NULL);
}

void
away_destroy(struct away *away)
{
	pthread_mutex_destroy(&away->lock);
}

/* With the lock. */
static bool
refuses(const struct away *away)
{
	return away->is_away &&
	    (away->attempting || time_now_ms() - away->attempt_ms < AWAY_MS);
}

bool
away_refuses(struct away *away)
{
	bool is;

	pthread_mutex_lock(&away->lock);
	is = refuses(away);
	pthread_mutex_unlock(&away->lock);
	return is;
}

int
away_enter(struct away *away, bool *attempt)
{
	int error = 0;

	pthread_mutex_lock(&away->lock);
	*attempt = away->is_away && !refuses(away);
	if (*attempt)
		away->attempting = true;
	else if (away->is_away)
		error = -EHOSTDOWN;
	pthread_mutex_unlock(&away->lock);
	return error;
}

bool
away_is(struct away *away)
{
	bool is;

	pthread_mutex_lock(&away->lock);
	is = away->is_away;
	pthread_mutex_unlock(&away->lock);
	return is;
}

bool
away_is_silence(int error)
{
	return error == -EHOSTDOWN || error == -EHOSTUNREACH ||
	    error == -ETIMEDOUT;
}

void
away_note(struct away *away, bool attempt, bool answered, int error)
{
	bool went = false, came = false;

	pthread_mutex_lock(&away->lock);
	if (attempt)
		away->attempting = false;
	if (away_is_silence(error) && !answered) {
		went = !away->is_away;
		away->is_away = true;
		away->attempt_ms = time_now_ms();
	} else if (answered) {
		came = away->is_away;
		away->is_away = false;
	}
	pthread_mutex_unlock(&away->lock);
	if (went && away->name != NULL)
		log_say(LOG_LEVEL_NOTE, "%s is away: %s", away->name,
		    strerror(-error));
	if (came && away->name != NULL)
		log_say(LOG_LEVEL_NOTE, "%s is back", away->name);
}
