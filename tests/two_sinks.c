/* two_sinks.c: a bridge with two servers, the sinks "here" and "there". */
#include "two_sinks.h"

struct redis_server *here, *there;
const char *of_there = "";

void open_servers(void)
{
    here = redis_server_start(NULL);
    there = redis_server_start(NULL);
}

void open_pipe(const char *group, const char *top, const char *routes)
{
    bridge_open(redis_server_folder(here), group, "drain_timeout = \"500ms\";",
                "sinks = { here = { url = \"redis://127.0.0.1:%d\"; };\n"
                "    there = { url = \"redis://127.0.0.1:%d\"; %s }; };\n"
                "%sroutes = ( %s );\n",
                redis_server_port(here), redis_server_port(there), of_there, top, routes);
}

void close_all(void)
{
    bridge_free();
    redis_server_free(here);
    redis_server_free(there);
}
