/*
 * commands: the subcommands of ocspctl, each in its own command_NAME.c. argv[0] is the subcommand's name. The result is the
 * exit status of the design's interface table: 0, 1 refused, 2 usage (check: 0 ok, 1 warning, 2 critical, 3 usage or cannot
 * tell; compare: 0 equal, 1 differences, 2 usage, 3 could not ask;
 * doctor: 0 all passes, 1 warnings, 2 failures, 3 usage or cannot tell). Each understands --help.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

int command_compile(int argc, char **argv);
int command_table(int argc, char **argv);
int command_show(int argc, char **argv);
int command_check(int argc, char **argv);
int command_issue(int argc, char **argv);
int command_revoke(int argc, char **argv);
int command_unrevoke(int argc, char **argv);
int command_status(int argc, char **argv);
int command_import(int argc, char **argv);
int command_export(int argc, char **argv);
int command_compare(int argc, char **argv);
int command_doctor(int argc, char **argv);

#endif
