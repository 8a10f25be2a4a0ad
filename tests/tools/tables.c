/*
 * Print what a mount has: a line for each row of the node table, each command,
 * and those of the arguments that are names beside the printers.
 *
 *	tables [NAME …]
 */
#include <stdio.h>
#include <string.h>

#include "client/base/buf.h"
#include "fs/farm/control.h"
#include "fs/farm/directory.h"
#include "fs/tree/control.h"
#include "fs/tree/node.h"

/* The first word of each line of a help, but for comments. */
static void
print_words(char *help)
{
	char *line;

	while ((line = strsep(&help, "\n")) != NULL) {
		if (*line != '#' && *line != '\0')
			printf("verb %.*s\n", (int)strcspn(line, " "), line);
	}
}

/* The commands at the root. */
static int
print_verbs(int (*print_help)(struct buf *))
{
	struct buf help = { 0 };
	int error = print_help(&help);

	if (error == 0)
		print_words(help.data);
	buf_free(&help);
	return error;
}

int
main(int argc, char **argv)
{
	size_t i;

	for (i = 1; i < node_count(); i++)
		printf("file %s\n", node_at(i)->path);
	for (i = 1; i < (size_t)argc; i++) {
		if (farm_directory_has_row(argv[i]))
			printf("root %s\n", argv[i]);
	}
	return print_verbs(farm_control_help) != 0 ||
	    print_verbs(account_control_help) != 0;
}
