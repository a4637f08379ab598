#include "session.h"
#include <jansson.h>

int ridge_cli_db(const struct ridge_cli_args *args)
{
    struct ridge_store *store = NULL;
    struct ridge_error err = {0};
    struct ridge_buf b = {0};
    int rc = ridge_cli_open_store(args->operands[1], &store);
    if (rc != RIDGE_EXIT_OK)
        return rc;
    bool is_good = ridge_store_verify(store, &b, &err) == RIDGE_OK;
    if (ridge_cli_value(args, "--json") != NULL) {
        struct ridge_buf j = {0};
        ridge_buf_printf(&j, "{\"file\": ");
        ridge_text_json(&j, args->operands[1]);
        ridge_buf_printf(&j, ", \"ok\": %s, \"report\": ", is_good ? "true" : "false");
        ridge_text_json(&j, b.data != NULL ? b.data : "");
        ridge_buf_puts(&j, "}\n");
        (void)ridge_cli_print(&j, NULL, NULL);
        ridge_buf_deinit(&j);
    } else {
        (void)ridge_cli_print(&b, NULL, NULL);
    }
    if (!is_good)
        rc = ridge_cli_error(&err);
    ridge_buf_deinit(&b);
    ridge_store_close(store);
    return rc;
}
