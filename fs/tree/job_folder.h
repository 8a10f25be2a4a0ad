#ifndef FS_TREE_JOB_FOLDER_H
#define FS_TREE_JOB_FOLDER_H

struct buf;
struct caller;
struct job_folders;
struct mounted;

/*
 * The folder of the file in print.  Buddy firmware tells its 8.3 names; users
 * know the long ones.  What was found is remembered for the job.
 * job_folders_new returns 0 or -ENOMEM.
 */
int job_folders_new(struct job_folders **out);
void job_folders_free(struct job_folders *);

/*
 * Let a job's document tell the folder as the mount shows it.  What cannot be
 * looked up stays as it was told.  Returns 0, -EINTR or -ENOMEM.
 */
int job_folders_show(struct mounted *, const struct caller *, struct buf *job);

#endif
