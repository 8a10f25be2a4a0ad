#ifndef FS_TREE_JOB_PATH_H
#define FS_TREE_JOB_PATH_H

struct buf;
struct caller;
struct job_paths;
struct mounted;

/*
 * The folder of the file in print.  Buddy firmware tells its 8.3 names; users
 * know the long ones.  What was found is remembered for the job.
 * job_paths_new returns 0 or -ENOMEM.
 */
int job_paths_new(struct job_paths **out);
void job_paths_free(struct job_paths *);

/*
 * Let a job's document tell the folder as the mount shows it.  What cannot be
 * looked up stays as it was told.  Returns 0, -EINTR or -ENOMEM.
 */
int job_paths_show(struct mounted *, const struct caller *, struct buf *job);

#endif
