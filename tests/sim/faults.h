#ifndef TESTS_SIM_FAULTS_H
#define TESTS_SIM_FAULTS_H

#include <stdbool.h>

struct conn;
struct sim_exchange;
struct sim;
struct text;

enum {
	FAULTS_FAIL = 16
};

/*
 * The next count requests that match fail with this text; those that "fail"
 * with 200 are answered with the bytes of the file that the text names.
 */
struct fault_rule {
	char method[16];
	char prefix[256];
	char text[200];
	int status;
	long count;
};

/* The faults of the next requests.  Under sim.lock. */
struct faults {
	struct fault_rule fail[FAULTS_FAIL];
	char lose_method[16];
	long lose_count;
	long long cut_bytes;
	long cut_count;
	long long cut_upload_bytes;
	long cut_upload_count;
	long garbage_count;
	long deep_count;
	long huge_count;
	/* The text is a file with the body to be sent. */
	struct fault_rule answer[FAULTS_FAIL];
};

/*
 * Decide what will go wrong with this request and count it down.  To be
 * called once for each request that has got past the login.
 */
void faults_begin(struct conn *, struct sim_exchange *);

/* Answer the request in the way decided.  false: it is to be served. */
bool faults_answered(struct conn *, struct sim_exchange *);

/*
 * The body that is to be sent in place of this one: either it, or other, which
 * was filled.
 */
const struct text *faults_body(const struct sim_exchange *, int status,
    const struct text *body, struct text *other);

/*
 * A control verb of the fault family.  Returns 0, -EOPNOTSUPP for another
 * verb, -EINVAL for wrong words.  Locked.
 */
int faults_control(struct sim *, int count, char **words);

#endif
