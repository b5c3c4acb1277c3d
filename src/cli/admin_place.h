/* admin_place.h: where a running bridge is asked, by the command line or its configuration. */
#pragma once
#include <stdbool.h>

/** What the command line says; NULL: nothing. */
struct admin_choice {
    const char *config, *admin, *token_file;
};

struct admin_place {
    char *address; /* for admin_ask() */
    char *token;   /* NULL: none */
};

#define ADMIN_DEFAULT "127.0.0.1:9464"

/* What --help says of --config, --admin and --token-file. */
#define ADMIN_CONFIG_HELP                                                                          \
    "its configuration, which names its socket or port, and the token (default: "                  \
    "$PENSTOCK_CONFIG, /etc/penstock/penstock.conf)"
#define ADMIN_ADDRESS_HELP                                                                         \
    "its socket, or HOST:PORT of its admin port (default: $PENSTOCK_SOCKET unless there is "       \
    "--config, then as its configuration says, or " ADMIN_DEFAULT ")"
#define ADMIN_TOKEN_HELP "the file that has its admin.token"

/** Keeps the argument of one of these options; false: the letter is none of them. */
bool admin_choice_take(struct admin_choice *choice, int letter, const char *argument);

/**
 * Finds the place: what --admin says; else, without --config, $PENSTOCK_SOCKET; else the socket of
 * the configuration, or its port; without a configuration the default port. The token is that of
 * --token-file, or of the configuration if that is read. Returns EXIT_OK, or after a word on stderr
 * another exit status; admin_place_free() in any case.
 */
int admin_place_find(const struct admin_choice *choice, struct admin_place *place);

void admin_place_free(struct admin_place *place);
