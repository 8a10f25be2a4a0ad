/*
 * client/shape: the documents of both servers come out in one shape.
 */
#include <errno.h>

#include "client/shape.h"
#include "tests/unit/check.h"
#include "tests/unit/examples.h"
#include "tests/unit/normalised.h"

static const struct traits *const buddy = &traits_buddy;
static const struct traits *const pi = &traits_pi;

static void
test_version_and_info(struct check *check)
{
	struct buf out = { 0 };

	CHECK(check,
	    shape(buddy, TOPIC_VERSION, buddy_version, &out) == 0 &&
		tells(&out, "api", "2.0.0") &&
		tells(&out, "text", "PrusaLink") &&
		has(&out, "\"nozzle_diameter\":0.4,") &&
		tells(&out, "capabilities.upload-by-put", "true"),
	    "buddy: the version passes");
	CHECK(check,
	    shape(pi, TOPIC_VERSION, pi_version, &out) == 0 &&
		tells(&out, "api", "2.0.0") && tells(&out, "sdk", "0.8.1") &&
		tells(&out, "capabilities.upload-by-put", "true"),
	    "pi: the version passes");
	CHECK(check,
	    shape(buddy, TOPIC_INFO, buddy_info, &out) == 0 &&
		tells(&out, "serial", "10589-3742441632212") &&
		has(&out, "\"mmu\":false") &&
		has(&out, "\"min_extrusion_temp\":170"),
	    "buddy: the info passes");
	CHECK(check,
	    shape(pi, TOPIC_INFO, pi_info, &out) == 0 &&
		tells(&out, "name", "MuadDib") && has(&out, "\"port\":0") &&
		has(&out, "\"min_extrusion_temp\":170"),
	    "pi: the info passes");
	buf_free(&out);
}

/* The fields that a script finds in status.json of either printer. */
static void
check_status(struct check *check, const char *who, const struct buf *out)
{
	static const char *const paths[] = { "job.id", "job.progress",
		"job.time_remaining", "job.time_printing", "storage.path",
		"storage.name", "storage.read_only", "transfer.id",
		"transfer.time_transferring", "transfer.progress",
		"transfer.data_transferred", "printer.state",
		"printer.temp_bed", "printer.target_bed", "printer.temp_nozzle",
		"printer.target_nozzle", "printer.axis_z", "printer.flow",
		"printer.speed", "printer.fan_hotend", "printer.fan_print" };
	struct buf value = { 0 };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		CHECK(check,
		    json_field(buf_text(out), out->len, paths[i], &value) == 0,
		    "%s: status.json has %s", who, paths[i]);
	CHECK(check, tells(out, "job.progress", "42"),
	    "%s: the job's progress is a percentage", who);
	CHECK(check, has(out, "\"storage\":{"),
	    "%s: there is one storage, an object", who);
	CHECK(check, has(out, "\"read_only\":false"),
	    "%s: the storage says that it can be written", who);
	CHECK(check, tells(out, "transfer.transferred", NULL),
	    "%s: bytes sent have one name only", who);
	buf_free(&value);
}

static void
test_status(struct check *check)
{
	struct buf out = { 0 };

	if (CHECK(check, shape(buddy, TOPIC_STATUS, buddy_status, &out) == 0,
		"buddy: the status is shaped"))
		check_status(check, "buddy", &out);
	CHECK(check, tells(&out, "storage.path", "/usb"),
	    "buddy: the storage's path has no slash at its end");
	CHECK(check,
	    has(&out, "\"progress\":42}") ||
		has(&out, "\"data_transferred\":1048576,\"progress\":42"),
	    "buddy: the transfer's fraction becomes a percentage");
	CHECK(check, tells(&out, "transfer.data_transferred", "1048576"),
	    "buddy: bytes sent get the published name");
	CHECK(check, tells(&out, "job.filament_change_in", "300"),
	    "buddy: a field of its own passes");
	if (CHECK(check, shape(pi, TOPIC_STATUS, pi_status, &out) == 0,
		"pi: the status is shaped"))
		check_status(check, "pi", &out);
	CHECK(check,
	    tells(&out, "storage.path", "/local") &&
		tells(&out, "storage.free_space", "28248391680") &&
		tells(&out, "storage.name", "PrusaLink gcodes"),
	    "pi: the storage is the one that uploads go to");
	CHECK(check,
	    tells(&out, "transfer.progress", "21.57") &&
		tells(&out, "transfer.data_transferred", "4314090"),
	    "pi: the transfer's percentage stays");
	CHECK(check,
	    tells(&out, "camera.id", "abc") &&
		tells(&out, "printer.status_connect.ok", "true"),
	    "pi: fields of its own pass");
	buf_free(&out);
}

static void
test_job(struct check *check)
{
	struct buf out = { 0 };

	CHECK(check,
	    shape(buddy, TOPIC_JOB, buddy_job, &out) == 0 &&
		tells(&out, "file.path", "/usb") && tells(&out, "id", "420") &&
		tells(&out, "state", "PRINTING") &&
		tells(&out, "progress", "42") &&
		tells(&out, "time_remaining", "520") &&
		tells(&out, "time_printing", "526") &&
		tells(&out, "file.name", "SPICE~1.GCO") &&
		tells(&out, "file.display_name", "Spice_Harvester.gcode") &&
		tells(&out, "file.size", "2393142"),
	    "buddy: the job is shaped");
	CHECK(check,
	    shape(pi, TOPIC_JOB, pi_job, &out) == 0 &&
		tells(&out, "file.path", "/local") && tells(&out, "id", "12") &&
		tells(&out, "state", "PRINTING") &&
		tells(&out, "progress", "42") &&
		tells(&out, "time_remaining", "520") &&
		tells(&out, "time_printing", "526") &&
		tells(&out, "file.name", "a.gcode") &&
		tells(&out, "file.display_name", "a.gcode") &&
		tells(&out, "file.size", "2393142"),
	    "pi: the job is shaped");
	CHECK(check,
	    tells(&out, "file.refs.icon", NULL) &&
		tells(&out, "file.meta.estimated_print_time", "2562"),
	    "pi: a null is left out, what else there is passes");
	buf_free(&out);
}

/* Does a job with this path of its file show that folder? */
static bool
job_is_in(const struct traits *traits, const char *path, const char *folder)
{
	struct buf text = { 0 }, out = { 0 };
	bool right;

	right = buf_printf(&text, "{\"id\":1,\"file\":{\"path\":\"%s\"}}",
		    path) == 0 &&
	    shape(traits, TOPIC_JOB, text.data, &out) == 0 &&
	    tells(&out, "file.path", folder);
	buf_free(&text);
	buf_free(&out);
	return right;
}

static void
test_job_folder(struct check *check)
{
	CHECK(check,
	    job_is_in(pi, "/PrusaLink gcodes/parts/v 2/a.gcode",
		"/local/parts/v 2"),
	    "pi: folders below the storage stay");
	CHECK(check, job_is_in(pi, "/other name/a.gcode", "/local"),
	    "pi: the storage may have any name");
	CHECK(check,
	    job_is_in(pi, "/SD Card/A.GCO", "/sdcard") &&
		job_is_in(pi, "/SD Card/X/A.GCO", "/sdcard/X"),
	    "pi: a file on the card is on the card");
	CHECK(check, job_is_in(pi, "/SD Cards/a.gcode", "/local"),
	    "pi: a storage named nearly like the card is not the card");
	CHECK(check,
	    job_is_in(buddy, "/usb/", "/usb") &&
		job_is_in(buddy, "/usb/PARTS/", "/usb/PARTS") &&
		job_is_in(buddy, "/usb/PARTS", "/usb/PARTS"),
	    "buddy: the folder has no slash at its end");
	CHECK(check, job_is_in(buddy, "/", "/") && job_is_in(buddy, "///", "/"),
	    "buddy: a root stays a root");
	CHECK(check,
	    shapes_to(pi, TOPIC_JOB,
		"{\"id\":null,\"state\":\"IDLE\",\"file\":null}",
		"{\"state\":\"IDLE\"}\n"),
	    "pi: a job without id or file passes");
	CHECK(check,
	    shapes_to(buddy, TOPIC_JOB, "{\"file\":\"x\"}",
		"{\"file\":\"x\"}\n") &&
		shapes_to(pi, TOPIC_JOB, "{\"file\":[\"/a/b\"]}",
		    "{\"file\":[\"/a/b\"]}\n"),
	    "a file that is no object passes");
}

static void
test_transfer(struct check *check)
{
	struct buf out = { 0 };

	CHECK(check,
	    shape(buddy, TOPIC_TRANSFER, buddy_transfer, &out) == 0 &&
		has(&out, "\"size\":239314") && tells(&out, "progress", "42") &&
		tells(&out, "transferred", "100512") &&
		tells(&out, "path", "/usb") &&
		tells(&out, "time_transferring", "42") &&
		tells(&out, "type", "FROM_CLIENT") &&
		tells(&out, "display_name", "box.gcode") &&
		has(&out, "\"to_print\":false"),
	    "buddy: the transfer is shaped");
	CHECK(check, tells(&out, "time_remaining", "61"),
	    "buddy: its own estimate stays");
	CHECK(check,
	    shape(pi, TOPIC_TRANSFER, pi_transfer, &out) == 0 &&
		has(&out, "\"size\":20000000") &&
		tells(&out, "progress", "21.24") &&
		tells(&out, "transferred", "4248725") &&
		tells(&out, "path", "/local") &&
		tells(&out, "time_transferring", "1") &&
		tells(&out, "type", "FROM_CLIENT") &&
		tells(&out, "display_name", "conc1.gcode") &&
		has(&out, "\"to_print\":false"),
	    "pi: the transfer is shaped");
	CHECK(check, tells(&out, "time_remaining", "3"),
	    "pi: the time that remains is counted anew");
	CHECK(check, tells(&out, "url", NULL), "pi: a null is left out");
	CHECK(check,
	    shape(pi, TOPIC_TRANSFER,
		"{\"size\":100,"
		"\"transferred\":0,\"time_remaining\":9,\"time_transferring\":0}",
		&out) == 0 &&
		tells(&out, "time_remaining", NULL),
	    "pi: before the first byte nobody knows the time that remains");
	CHECK(check,
	    shape(pi, TOPIC_TRANSFER,
		"{\"size\":100,"
		"\"transferred\":101,\"time_transferring\":5}",
		&out) == 0 &&
		tells(&out, "time_remaining", NULL) &&
		tells(&out, "transferred", "101"),
	    "pi: more bytes than the size give no time");
	CHECK(check,
	    shape(buddy, TOPIC_TRANSFER,
		"{\"data_transferred\":7,\"progress\":1}", &out) == 0 &&
		tells(&out, "transferred", "7") &&
		tells(&out, "progress", "100") &&
		tells(&out, "data_transferred", NULL),
	    "a server that uses the other name is understood");
	buf_free(&out);
}

static void
test_storage(struct check *check)
{
	struct shape_storage one = { .total = 5 };
	struct buf out = { 0 };

	CHECK(check,
	    shape(buddy, TOPIC_STORAGE, buddy_storage, &out) == 0 &&
		has(&out, "\"path\":\"/usb\"") &&
		has(&out, "\"read_only\":false"),
	    "buddy: the storages are shaped");
	CHECK(check,
	    shape_storage(out.data, out.len, "usb", &one) == 0 &&
		one.available && one.total == -1 && one.free == -1 &&
		strcmp(one.name, "usb") == 0,
	    "buddy: the stick is there and tells no space");
	CHECK(check,
	    shape_storage(out.data, out.len, "local", &one) == -ENOENT &&
		one.available,
	    "a storage that is not told is ENOENT, and nothing is touched");
	CHECK(check,
	    shape(pi, TOPIC_STORAGE, pi_storage, &out) == 0 &&
		shape_storage(out.data, out.len, "local", &one) == 0 &&
		one.available && one.free == 28248391680 &&
		one.total == 31132934144 &&
		strcmp(one.name, "PrusaLink gcodes") == 0,
	    "pi: the disk tells its space");
	CHECK(check,
	    shape_storage(out.data, out.len, "sdcard", &one) == 0 &&
		!one.available && one.free == -1 && one.total == -1 &&
		strcmp(one.name, "") == 0,
	    "pi: the card is not there");
	CHECK(check,
	    shapes_to(pi, TOPIC_STORAGE,
		"{\"storage_list\":[{\"ro\":true,\"path\":\"/sdcard/\"}]}",
		"{\"storage_list\":[{\"read_only\":true,\"path\":\"/sdcard\"}]}"
		"\n"),
	    "an older server's \"ro\" becomes \"read_only\"");
	CHECK(check,
	    shape_storage("{}", 2, "usb", &one) == -ENOENT &&
		shape_storage("{", 1, "usb", &one) == -EPROTO &&
		shape_storage("{\"storage_list\":{\"a\":1}}", 24, "usb",
		    &one) == -ENOENT,
	    "a document without storages has none");
	buf_free(&out);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_version_and_info(&check);
	test_status(&check);
	test_job(&check);
	test_job_folder(&check);
	test_transfer(&check);
	test_storage(&check);
	return check_end(&check);
}
