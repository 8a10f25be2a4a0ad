/*
 * Directories of printers, as far as places know them.  Any thread.
 */
#include "fs/core/printer_group.h"

struct printer_group *
printer_group_hold(struct printer_group *group)
{
	atomic_fetch_add(&group->holders, 1);
	return group;
}

void
printer_group_release(struct printer_group *group)
{
	if (group != NULL && atomic_fetch_sub(&group->holders, 1) == 1)
		group->ops->free(group);
}
