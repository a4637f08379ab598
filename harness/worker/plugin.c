#include "worker/plugin.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/os.h"
#include <dirent.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "ridge-backend-"
#define SUFFIX ".so"

static struct ridge_plugin *find(struct ridge_plugins *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->v[i].name, name) == 0)
            return &p->v[i];
    return NULL;
}
static void add_file(struct ridge_plugins *p, const char *dir, const char *file)
{
    size_t n = strlen(file), n_fixed = strlen(PREFIX) + strlen(SUFFIX);
    struct ridge_plugin plugin = {0};
    if (n <= n_fixed || n - n_fixed >= sizeof plugin.name || strncmp(file, PREFIX, strlen(PREFIX)) != 0 ||
        strcmp(file + n - strlen(SUFFIX), SUFFIX) != 0)
        return;
    memcpy(plugin.name, file + strlen(PREFIX), n - n_fixed);
    if (find(p, plugin.name) != NULL)
        return;
    size_t n_path = strlen(dir) + n + 2;
    plugin.path = ridge_xmalloc(n_path);
    (void)snprintf(plugin.path, n_path, "%s/%s", dir, file);
    RIDGE_PUSH(*p, plugin);
}
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}
static void scan_dir(struct ridge_plugins *p, const char *dir)
{
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, NULL, by_name);
    for (int i = 0; i < n; i++) {
        add_file(p, dir, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}
void ridge_plugins_scan(struct ridge_plugins *p, const char *dirs)
{
    char dir[4096];
    for (const char *s = dirs; s != NULL && *s != '\0';) {
        size_t n = strcspn(s, ":");
        (void)snprintf(dir, sizeof dir, "%.*s", (int)(n < sizeof dir ? n : sizeof dir - 1), s);
        if (n > 0)
            scan_dir(p, dir);
        s += n + (s[n] == ':');
    }
    static const char *const beside[] = {"plugins", "../lib/ridge/plugins"};
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
        (void)snprintf(dir, sizeof dir, "%.4000s/%s", ridge_os_program_dir(), beside[i]);
        scan_dir(p, dir);
    }
}
static void deinit_one(struct ridge_plugin *p)
{
    free(p->path);
    free(p->operators);
    free(p->list);
}
/* Handles stay open: libraries with threads or thread-locals do not survive dlclose. */
void ridge_plugins_deinit(struct ridge_plugins *p)
{
    for (size_t i = 0; i < p->n; i++)
        deinit_one(&p->v[i]);
    free(p->v);
    *p = (struct ridge_plugins){0};
}

bool ridge_plugin_refuse(struct ridge_plugin *p, const char *why, const char *what)
{
    p->is_usable = false;
    (void)snprintf(p->reason, sizeof p->reason, "%s%s%s", why, what[0] != '\0' ? ": " : "", what);
    ridge_log(RIDGE_LOG_WARN, "plug-in %s is not usable: %s", p->path != NULL ? p->path : p->name, p->reason);
    return false;
}
static const char *missing_hook(const struct ridge_runner *r)
{
    const struct { const char *name; bool has; } required[] = {
        {"name", r->name != NULL}, {"probe", r->probe != NULL}, {"open", r->open != NULL},
        {"close", r->close != NULL}, {"load", r->load != NULL}, {"unload", r->unload != NULL},
        {"bind", r->bind != NULL}, {"run", r->run != NULL}, {"operators", r->operators != NULL},
    };
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++)
        if (!required[i].has)
            return required[i].name;
    return NULL;
}
static bool has_device_hooks(const struct ridge_runner *r)
{
    return r->tensor_alloc != NULL && r->tensor_free != NULL && r->tensor_write != NULL && r->tensor_read != NULL;
}
static const char *missing_operator_hook(const struct ridge_operator *op)
{
    bool has_tensors = op->n_inputs + op->n_outputs > 0;
    const struct { const char *name; bool has; } required[] = {
        {"name", op->name != NULL}, {"fields", op->fields != NULL || op->n_fields == 0}, {"cost", op->cost != NULL},
        {"tensor", op->tensor != NULL || !has_tensors}, {"fill", op->fill != NULL || op->n_inputs == 0},
        {"check", op->check != NULL},
    };
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++)
        if (!required[i].has)
            return required[i].name;
    return NULL;
}
static bool adopt_operator(struct ridge_plugin *p, const struct ridge_operator *from, struct ridge_operator *to)
{
    char text[160] = "";
    if (from->abi_version != RIDGE_ABI_VERSION || from->struct_size < offsetof(struct ridge_operator, aliases)) {
        (void)snprintf(text, sizeof text, "version %u with %u bytes, this worker has version %u and needs %zu bytes",
                       from->abi_version, from->struct_size, RIDGE_ABI_VERSION, offsetof(struct ridge_operator, aliases));
        return ridge_plugin_refuse(p, "an operator has another ABI", text);
    }
    memcpy(to, from, from->struct_size < sizeof *to ? from->struct_size : sizeof *to);
    const char *missing = missing_operator_hook(to);
    if (missing == NULL)
        return true;
    (void)snprintf(text, sizeof text, "%s of operator %.64s", missing, to->name != NULL ? to->name : "?");
    return ridge_plugin_refuse(p, "a required hook is missing", text);
}
/* Copies, so that an operator that was built against a shorter struct has zeros where it ends. */
static bool adopt_operators(struct ridge_plugin *p)
{
    size_t n = 0;
    while (p->runner.operators[n] != NULL)
        n++;
    p->operators = ridge_xrealloc_array(p->operators, n + 1, sizeof *p->operators);
    p->list = ridge_xrealloc_array(p->list, n + 1, sizeof *p->list);
    memset(p->operators, 0, (n + 1) * sizeof *p->operators);
    for (size_t i = 0; i < n; i++) {
        if (!adopt_operator(p, p->runner.operators[i], &p->operators[i]))
            return false;
        p->list[i] = &p->operators[i];
    }
    p->list[n] = NULL;
    p->runner.operators = p->list;
    return true;
}
bool ridge_plugin_adopt(struct ridge_plugin *p, const struct ridge_runner *from)
{
    char text[128] = "";
    if (from == NULL)
        return ridge_plugin_refuse(p, RIDGE_RUNNER_SYMBOL "() gave NULL", "");
    if (from->abi_version != RIDGE_ABI_VERSION) {
        (void)snprintf(text, sizeof text, "it has version %u, this worker has %u", from->abi_version, RIDGE_ABI_VERSION);
        return ridge_plugin_refuse(p, "another ABI version", text);
    }
    if (from->struct_size < offsetof(struct ridge_runner, submit)) {
        (void)snprintf(text, sizeof text, "%u bytes, the required hooks end at %zu", from->struct_size,
                       offsetof(struct ridge_runner, submit));
        return ridge_plugin_refuse(p, "its runner struct is too small", text);
    }
    size_t n = from->struct_size < sizeof p->runner ? from->struct_size : sizeof p->runner;
    p->runner = (struct ridge_runner){0};
    memcpy(&p->runner, from, n);
    const char *missing = missing_hook(&p->runner);
    if (missing != NULL)
        return ridge_plugin_refuse(p, "a required hook is missing", missing);
    if (p->runner.is_device_memory && !has_device_hooks(&p->runner))
        return ridge_plugin_refuse(p, "it says device memory but lacks", "tensor_alloc, _free, _write or _read");
    if (!adopt_operators(p))
        return false;
    p->has_submit = p->runner.submit != NULL && p->runner.reap != NULL;
    p->has_output_dims = p->runner.output_dims != NULL;
    p->has_device_memory = p->runner.is_device_memory;
    ridge_plugin_fill_stubs(&p->runner);
    return p->is_usable = true;
}
void ridge_plugin_open(struct ridge_plugin *p)
{
    if (p->is_opened)
        return;
    p->is_opened = true;
    p->handle = dlopen(p->path, RTLD_NOW | RTLD_LOCAL);
    if (p->handle == NULL) {
        const char *why = dlerror();
        ridge_plugin_refuse(p, "cannot be opened", why != NULL ? why : "unknown");
        return;
    }
    ridge_runner_get_fn *get = NULL;
    void *symbol = dlsym(p->handle, RIDGE_RUNNER_SYMBOL);
    memcpy(&get, &symbol, sizeof get); /* ISO C has no cast from object to function pointer */
    if (get == NULL)
        ridge_plugin_refuse(p, "it does not export", RIDGE_RUNNER_SYMBOL);
    else
        (void)ridge_plugin_adopt(p, get());
}
struct ridge_plugin *ridge_plugins_open(struct ridge_plugins *p, const char *name)
{
    struct ridge_plugin *plugin = find(p, name);
    if (plugin != NULL)
        ridge_plugin_open(plugin);
    return plugin;
}
struct ridge_plugin *ridge_plugins_open_apart(struct ridge_plugins *p, size_t i)
{
    struct ridge_plugin *plugin = &p->v[i];
    if (!plugin->is_opened)
        (void)ridge_plugin_probe(plugin, NULL, RIDGE_PROBE_TIMEOUT_NS, NULL, NULL, NULL);
    return plugin;
}
const struct ridge_operator *ridge_plugin_operator(const struct ridge_plugin *p, const char *name)
{
    if (!p->is_usable)
        return NULL;
    for (size_t i = 0; p->runner.operators[i] != NULL; i++)
        if (strcmp(p->runner.operators[i]->name, name) == 0)
            return p->runner.operators[i];
    return NULL;
}
