/*
 * fs/conf: the lines of a printers file.
 */
#include "client/base/buf.h"
#include "fs/setup/conf.h"
#include "tests/unit/check.h"

/* What came of a text, one line each. */
struct heard {
	struct buf text;
	int stop_at; /* answer this one with 7 */
	int count;
};

static int
hear(void *arg, const struct conf_line *line)
{
	struct heard *heard = arg;

	if (line->problem != NULL)
		(void)buf_printf(&heard->text, "%zu!;", line->number);
	else if (line->key == NULL)
		(void)buf_printf(&heard->text, "%zu[%s];", line->number,
		    line->section);
	else
		(void)buf_printf(&heard->text, "%zu(%s)%s=%s;", line->number,
		    line->section == NULL ? "" : line->section, line->key,
		    line->value);
	return ++heard->count == heard->stop_at ? 7 : 0;
}

static void
expect(struct check *check, const char *text, size_t len, const char *wanted)
{
	struct heard heard = { 0 };
	char *copy = malloc(len + 1);

	if (copy == NULL)
		exit(1);
	memcpy(copy, text, len);
	copy[len] = '\0';
	CHECK(check,
	    conf_parse(copy, len, hear, &heard) == 0 &&
		strcmp(buf_text(&heard.text), wanted) == 0,
	    "\"%s\" is %s", text, wanted);
	if (strcmp(buf_text(&heard.text), wanted) != 0)
		printf("# but was: %s\n", buf_text(&heard.text));
	buf_free(&heard.text);
	free(copy);
}

static void
test_lines(struct check *check)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "# a\n;b\n  # c", "" },
		{ "[a]", "1[a];" },
		{ "\n [ a b ] \n", "2[a b];" },
		{ "[]", "1[];" },
		{ "[a", "1!;" },
		{ "[a] b", "1!;" },
		{ "[a] ; b", "1[a];" },
		{ "[a]\n[a]", "1[a];2[a];" },
		{ "k = v", "1()k=v;" },
		{ "[a]\n\tk=v\r\n", "1[a];2(a)k=v;" },
		{ "[a]\nk = \n", "1[a];2(a)k=;" },
		{ "[a]\n k: http://x:1/", "1[a];2(a)k=http://x:1/;" },
		{ "k = a ; b", "1()k=a;" },
		{ "k = a;b", "1()k=a;b;" },
		{ "k = ; b", "1()k=;" },
		{ "k = a # b", "1()k=a # b;" },
		{ "k = a = b", "1()k=a = b;" },
		{ " = b", "1!;" },
		{ "k", "1!;" },
		{ "k ; = b", "1!;" },
		{ "\xef\xbb\xbf[a]\n\xef\xbb\xbf", "1[a];2!;" },
		{ "[a]\n  k = 1\n  l = 2", "1[a];2(a)k=1;3(a)l=2;" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(check, rows[i][0], strlen(rows[i][0]), rows[i][1]);
	expect(check, "a\0b\n[c]", 7, "1!;2[c];");
}

static void
test_long(struct check *check)
{
	char *text = malloc(100000);
	struct heard heard = { 0 };

	if (text == NULL)
		exit(1);
	memset(text, 'x', 100000);
	text[0] = '[';
	text[50000] = ']';
	text[50001] = '\n';
	text[60000] = '=';
	text[99999] = '\0';
	CHECK(check,
	    conf_parse(text, 99999, hear, &heard) == 0 && heard.count == 2 &&
		heard.text.len > 140000,
	    "nothing is cut, however long a line is");
	buf_free(&heard.text);
	free(text);
}

static void
test_stop(struct check *check)
{
	char text[] = "[a]\nk=1\nl=2\n";
	struct heard heard = { .stop_at = 2 };

	CHECK(check,
	    conf_parse(text, strlen(text), hear, &heard) == 7 &&
		heard.count == 2,
	    "what take returns ends it");
	buf_free(&heard.text);
}

static void
test_load(struct check *check)
{
	char path[8192];
	struct buf text = { 0 };
	FILE *file;
	size_t i;

	snprintf(path, sizeof(path), "%s/a.conf", check_dir(check));
	CHECK(check, conf_load(path, &text) < 0 && text.len == 0,
	    "a file that is not there is an error");
	CHECK(check, conf_load(check_dir(check), &text) < 0,
	    "so is a directory");
	file = fopen(path, "w");
	if (file == NULL)
		exit(1);
	fputs("[a]\n", file);
	fflush(file);
	CHECK(check,
	    conf_load(path, &text) == 0 &&
		strcmp(buf_text(&text), "[a]\n") == 0,
	    "a file is read whole");
	buf_free(&text);
	for (i = 0; i <= CONF_MAX; i++)
		fputc('#', file);
	fclose(file);
	CHECK(check, conf_load(path, &text) < 0, "one without end is not");
	buf_free(&text);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_lines(&check);
	test_long(&check);
	test_stop(&check);
	test_load(&check);
	return check_end(&check);
}
