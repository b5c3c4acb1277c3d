/* fuzz_request.c: any bytes as the head of an HTTP request. */
#include "app/accept.h"
#include "app/request.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(struct slice part, struct slice head)
{
    return part.data >= head.data && part.data + part.length <= head.data + head.length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice head = {(const char *)data, size};
    struct request request;
    int status = request_parse(head, &request);

    assert(status == 200 || status == 400 || status == 417 || status == 501 || status == 505);
    if (status == 200) {
        assert(is_inside(request.path, head) && is_inside(request.query, head));
        assert(request.host.length == 0 || is_inside(request.host, head));
        assert(request.credentials.length == 0 || is_inside(request.credentials, head));
        assert(!(request.chunked && request.length)); /* one end of the body, not two */
        assert(request.path.length > 0 && request.path.data[0] == '/');
        assert(!memchr(request.path.data, '\0', request.path.length));
        request_query_has(request.query, "verbose");
        accept_metrics(request.accept);
    }
    return 0;
}
