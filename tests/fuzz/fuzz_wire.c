/* Decodes any bytes; what decodes must encode to a line that decodes again to the same type. */
#include "wire/wire.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct ridge_message m, again;
    if (ridge_wire_decode((const char *)data, n, &m, NULL) != RIDGE_OK)
        return 0;
    if (m.type != RIDGE_MSG_UNKNOWN) {
        struct ridge_buf line = {0};
        ridge_wire_encode(&line, &m);
        if (ridge_wire_decode(line.data, line.n - 1, &again, NULL) != RIDGE_OK ||
            again.type != m.type)
            abort();
        ridge_message_deinit(&again);
        ridge_buf_deinit(&line);
    }
    ridge_message_deinit(&m);
    return 0;
}
