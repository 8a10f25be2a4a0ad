/*
 * The account, the index, and what is told to nobody in particular.
 */
#include <cJSON.h>

#include "tests/sim/obico.h"
#include "tests/sim/obico_route.h"

static void
render_account(struct obico_call *call)
{
	const struct obico_account *account = call->account;
	const struct table *table = &obico_account_table;

	for (size_t i = 0; i < table->count; i++) {
		text_puts(&call->out, i == 0 ? "{" : ",");
		obico_key(&call->out, table->columns[i].name);
		column_render(&call->out, &table->columns[i], account);
	}
	text_puts(&call->out, ",\"consented_at\":");
	obico_date(&call->out, account->joined_at);
	text_printf(&call->out,
	    ",\"unsub_token\":\"%s\",\"is_primary_email_verified\":true,"
	    "\"is_dh_unlimited\":true,\"dh_balance\":0.0,"
	    "\"account_notification_by_email\":true,"
	    "\"mobile_app_canary\":false,\"tunnel_cap_multiplier\":1.0,"
	    "\"tunnel_usage_over_cap\":false,\"syndicate\":1}",
	    account->unsub_token);
}

void
obico_me(struct obico_call *call)
{
	render_account(call);
}

void
obico_me_change(struct obico_call *call)
{
	struct text wrong = { 0 };

	table_accept(&obico_account_table, call->account, call->data,
	    call->is_form, true, &wrong);
	if (!obico_refused(call, &wrong))
		render_account(call);
}

void
obico_version(struct obico_call *call)
{
	text_puts(&call->out, "{\"version\":\"1.0.0\"}");
}

void
obico_index(struct obico_call *call)
{
	static const char *const names[] = { "printers", "prints",
		"g_code_files", "g_code_folders", "printshotfeedbacks",
		"tunnelusage", "mobile_devices", "onetimeverificationcodes",
		"printer_discovery", "one_time_passcodes", "tunnels",
		"notification_settings", "printer_events",
		"first_layer_inspection_images" };
	const char *comma = "{";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		text_printf(&call->out, "%s\"%s\":", comma, names[i]);
		text_printf(&call->out, "\"http://%s/api/v1/%s/\"",
		    exchange_header(call->ex, HEADER_HOST), names[i]);
		comma = ",";
	}
	text_puts(&call->out, "}");
}

void
obico_forbidden(struct obico_call *call)
{
	obico_detail(call, 403,
	    "Authentication credentials were not provided.");
}
