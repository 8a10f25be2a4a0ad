#ifndef TESTS_SIM_OBICO_ROUTE_H
#define TESTS_SIM_OBICO_ROUTE_H

struct call;

/* Answers to requests, sim.lock held; they set the answer. */
void obico_printers_list(struct call *);
void obico_printers_create(struct call *);
void obico_printer_get(struct call *);
void obico_printer_put(struct call *);
void obico_printer_patch(struct call *);
void obico_printer_delete(struct call *);
void obico_printer_archive(struct call *);
void obico_printer_cancel(struct call *);
void obico_printer_pause(struct call *);
void obico_printer_resume(struct call *);
void obico_printer_mute(struct call *);
void obico_printer_acknowledge(struct call *);
void obico_printer_start(struct call *);
void obico_printer_finish(struct call *);
void obico_printer_predict(struct call *);
void obico_prints_list(struct call *);
void obico_prints_delete(struct call *);
void obico_prints_stats(struct call *);
void obico_print_get(struct call *);
void obico_print_change(struct call *);
void obico_print_delete(struct call *);
void obico_print_prediction(struct call *);
void obico_events_list(struct call *);
void obico_event_get(struct call *);
void obico_files_list(struct call *);
void obico_files_create(struct call *);
void obico_files_delete(struct call *);
void obico_files_move(struct call *);
void obico_file_get(struct call *);
void obico_file_change(struct call *);
void obico_file_delete(struct call *);
void obico_folders_list(struct call *);
void obico_folders_create(struct call *);
void obico_folders_delete(struct call *);
void obico_folders_move(struct call *);
void obico_folder_get(struct call *);
void obico_folder_change(struct call *);
void obico_folder_delete(struct call *);
void obico_me(struct call *);
void obico_me_change(struct call *);
void obico_version(struct call *);
void obico_index(struct call *);
void obico_empty_list(struct call *);
void obico_forbidden(struct call *);
void obico_absent(struct call *);
void obico_plugins(struct call *);
void obico_shares(struct call *);
void obico_share(struct call *);
void obico_share_end(struct call *);
void obico_tunnel(struct call *);
void obico_usage(struct call *);
void obico_code_get(struct call *);
void obico_code(struct call *);
void obico_agent_printer(struct call *);
void obico_no_agent(struct call *);
void obico_agent_ok(struct call *);

#endif
