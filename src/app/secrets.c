/* secrets.c: when secrets are read again without being asked: while logins are refused. */
#include "app/secrets.h"

bool secrets_are_due(struct secrets *secrets, uint64_t refused, int64_t now_ms)
{
    if (refused != secrets->refused)
        secrets->until_ms = now_ms + SECRETS_LAST_MS;
    secrets->refused = refused;
    if (now_ms >= secrets->until_ms || now_ms < secrets->due_ms)
        return false;
    secrets->due_ms = now_ms + SECRETS_AGAIN_MS;
    return true;
}
