/*
 * The printers of an account as a list, and the calls of an account.  A list
 * is made by one thread, then read by many: only the count of holders changes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/account_server.h"

struct printer_list *
printer_list_new(size_t room)
{
	struct printer_list *list = calloc(1, sizeof(*list));

	if (list == NULL)
		return NULL;
	atomic_init(&list->holders, 1);
	list->printers = calloc(room + 1, sizeof(*list->printers));
	if (list->printers != NULL)
		return list;
	free(list);
	return NULL;
}

struct printer_list *
printer_list_hold(struct printer_list *list)
{
	atomic_fetch_add(&list->holders, 1);
	return list;
}

static void
free_members(struct listed_printer *printer)
{
	free(printer->name);
	free(printer->text);
	free(printer->picture);
}

void
printer_list_release(struct printer_list *list)
{
	size_t i;

	if (list == NULL || atomic_fetch_sub(&list->holders, 1) > 1)
		return;
	for (i = 0; i < list->count; i++)
		free_members(&list->printers[i]);
	free(list->printers);
	free(list);
}

static int
compare(const void *a, const void *b)
{
	const struct listed_printer *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

void
printer_list_finish(struct printer_list *list)
{
	size_t i, kept = 0;

	qsort(list->printers, list->count, sizeof(*list->printers), compare);
	for (i = 0; i < list->count; i++) {
		struct listed_printer *printer = &list->printers[i];

		if (kept > 0 && list->printers[kept - 1].id == printer->id)
			free_members(printer);
		else
			list->printers[kept++] = *printer;
	}
	list->count = kept;
}

static bool
is_same(const struct printer_list *a, const struct printer_list *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		const struct listed_printer *one = &a->printers[i];
		const struct listed_printer *other = &b->printers[i];

		if (one->id != other->id || one->archived != other->archived ||
		    strcmp(one->name, other->name) != 0)
			return false;
	}
	return true;
}

void
printer_list_number(struct printer_list *list,
    const struct printer_list *former)
{
	if (former == NULL)
		list->serial = 1;
	else
		list->serial = former->serial + !is_same(list, former);
}

const struct listed_printer *
printer_list_find(const struct printer_list *list, int64_t id)
{
	const struct listed_printer key = { .id = id };

	return bsearch(&key, list->printers, list->count, sizeof(key), compare);
}

struct account_server *
account_server_hold(struct account_server *server)
{
	atomic_fetch_add(&server->holders, 1);
	return server;
}

void
account_server_release(struct account_server *server)
{
	if (server != NULL && atomic_fetch_sub(&server->holders, 1) == 1)
		server->ops->free(server);
}

int
account_server_printers(struct account_server *server, const struct wait *wait,
    struct printer_list **out)
{
	return server->ops->printers(server, wait, out);
}

struct printer_list *
account_server_known(struct account_server *server)
{
	return server->ops->known(server);
}

void
account_server_count(struct account_server *server, struct counts *out)
{
	server->ops->count(server, out);
}

void
account_server_forget(struct account_server *server)
{
	server->ops->forget(server);
}

int
account_server_printer_new(struct account_server *server, int64_t id,
    bool archived, struct printer **out)
{
	return server->ops->printer_new(server, id, archived, out);
}

int
account_server_library_new(struct account_server *server, struct printer **out)
{
	return server->ops->library_new == NULL ?
	    -EOPNOTSUPP :
	    server->ops->library_new(server, out);
}

int
account_server_rename(struct account_server *server, const struct wait *wait,
    int64_t id, const char *name)
{
	return server->ops->rename == NULL ?
	    -EOPNOTSUPP :
	    server->ops->rename(server, wait, id, name);
}

int
account_server_remove(struct account_server *server, const struct wait *wait,
    int64_t id, const char *name)
{
	return server->ops->remove == NULL ?
	    -EOPNOTSUPP :
	    server->ops->remove(server, wait, id, name);
}
