#ifndef TESTS_SIM_OBICO_ROUTE_H
#define TESTS_SIM_OBICO_ROUTE_H

struct obico_call;

/* Answers to requests, sim.lock held; they set the answer. */
void obico_printers_list(struct obico_call *);
void obico_printers_create(struct obico_call *);
void obico_printer_get(struct obico_call *);
void obico_printer_put(struct obico_call *);
void obico_printer_patch(struct obico_call *);
void obico_printer_delete(struct obico_call *);
void obico_printer_archive(struct obico_call *);
void obico_printer_cancel(struct obico_call *);
void obico_printer_pause(struct obico_call *);
void obico_printer_resume(struct obico_call *);
void obico_printer_mute(struct obico_call *);
void obico_printer_acknowledge(struct obico_call *);
void obico_printer_start(struct obico_call *);
void obico_printer_finish(struct obico_call *);
void obico_printer_predict(struct obico_call *);
void obico_prints_list(struct obico_call *);
void obico_prints_delete(struct obico_call *);
void obico_prints_stats(struct obico_call *);
void obico_print_get(struct obico_call *);
void obico_print_change(struct obico_call *);
void obico_print_delete(struct obico_call *);
void obico_print_prediction(struct obico_call *);
void obico_events_list(struct obico_call *);
void obico_event_get(struct obico_call *);
void obico_files_list(struct obico_call *);
void obico_files_create(struct obico_call *);
void obico_files_delete(struct obico_call *);
void obico_files_move(struct obico_call *);
void obico_file_get(struct obico_call *);
void obico_file_change(struct obico_call *);
void obico_file_delete(struct obico_call *);
void obico_folders_list(struct obico_call *);
void obico_folders_create(struct obico_call *);
void obico_folders_delete(struct obico_call *);
void obico_folders_move(struct obico_call *);
void obico_folder_get(struct obico_call *);
void obico_folder_change(struct obico_call *);
void obico_folder_delete(struct obico_call *);
void obico_me(struct obico_call *);
void obico_me_change(struct obico_call *);
void obico_version(struct obico_call *);
void obico_index(struct obico_call *);
void obico_empty_list(struct obico_call *);
void obico_forbidden(struct obico_call *);
void obico_absent(struct obico_call *);
void obico_plugins(struct obico_call *);
void obico_shares(struct obico_call *);
void obico_share(struct obico_call *);
void obico_share_end(struct obico_call *);
void obico_tunnel(struct obico_call *);
void obico_usage(struct obico_call *);
void obico_code_get(struct obico_call *);
void obico_code(struct obico_call *);
void obico_agent_printer(struct obico_call *);
void obico_no_agent(struct obico_call *);
void obico_agent_ok(struct obico_call *);

#endif
