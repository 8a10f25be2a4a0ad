#ifndef FS_TREE_JOB_FOLDER_H
#define FS_TREE_JOB_FOLDER_H

#include <pthread.h>

struct buf;
struct caller;
struct mounted;

/*
 * The folder of the file in print.  Buddy firmware tells its 8.3 names; users
 * know the long ones.  What was found is remembered for the job.
 */
struct job_folders {
	pthread_mutex_t lock;
	char *told; /* the job and its folder as told, or NULL; under lock */
	char *shown;
};

void job_folders_init(struct job_folders *);
void job_folders_destroy(struct job_folders *);

/*
 * Let a job's document tell the folder as the mount shows it.  What cannot be
 * looked up stays as it was told.  Returns 0, -EINTR or -ENOMEM.
 */
int job_folders_show(struct mounted *, const struct caller *, struct buf *job);

#endif
