#include "store/db.h"
#include "base/log.h"
#include "base/os.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* f_type values of file systems where WAL's shared memory does not work (statfs(2), sqlite.org/useovernet) */
static const struct {
    unsigned type;
    const char *name;
} network_types[] = {{0x6969, "NFS"},      {0x517b, "SMB"},      {0xff534d42u, "CIFS"}, {0xfe534d42u, "SMB2"},
                     {0x65735546, "FUSE"}, {0x01021997, "9p"},   {0x5346414f, "AFS"},   {0x00c36400, "Ceph"}};

static const char *network_name(const char *path)
{
    struct statfs fs;
    struct ridge_arena a = {0};
    int rc = statfs(path, &fs);
    if (rc != 0)
        rc = statfs(dirname(ridge_arena_str(&a, path)), &fs);
    ridge_arena_deinit(&a);
    for (size_t i = 0; rc == 0 && i < sizeof network_types / sizeof network_types[0]; i++)
        if ((unsigned)fs.f_type == network_types[i].type)
            return network_types[i].name;
    return NULL;
}

/* Turning WAL on needs the file alone for a moment and does not wait by itself. */
static enum ridge_status set_journal(struct ridge_store *s, struct ridge_error *err)
{
    const char *sql = s->is_network ? "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL"
                                    : "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL";
    uint64_t end_ns = ridge_os_now_ns() + 30u * 1000000000u;
    for (;;) {
        int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
        if (rc == SQLITE_OK)
            return RIDGE_OK;
        if ((rc & 0xff) != SQLITE_BUSY || ridge_os_now_ns() > end_ns)
            return ridge_db_fail(s, err, "set the journal mode");
        ridge_os_sleep_ns(2000000);
    }
}

/* Results files are passed around: nothing in one may run code or eat memory. */
static enum ridge_status harden(struct ridge_store *s, struct ridge_error *err)
{
    (void)sqlite3_busy_timeout(s->db, 30000);
    (void)sqlite3_extended_result_codes(s->db, 1);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, 256 << 20);
    (void)sqlite3_limit(s->db, SQLITE_LIMIT_EXPR_DEPTH, 20);
    return ridge_db_exec(s, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; "
                            "PRAGMA foreign_keys = ON",
                         "set up", err);
}

/* An older schema is read from a migrated copy in a temporary database; the file stays as it is. */
static enum ridge_status take_copy(struct ridge_store *s, struct ridge_error *err)
{
    sqlite3 *copy = NULL, *file = s->db;
    sqlite3_backup *b = NULL;
    if (sqlite3_open_v2("", &copy, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) ==
        SQLITE_OK)
        b = sqlite3_backup_init(copy, "main", file, "main");
    if (b != NULL)
        (void)sqlite3_backup_step(b, -1);
    const int rc = b != NULL ? sqlite3_backup_finish(b) : SQLITE_ERROR;
    s->db = copy;
    enum ridge_status st = rc == SQLITE_OK ? RIDGE_OK : ridge_db_fail(s, err, "copy a file of an older schema");
    (void)sqlite3_close_v2(file);
    if (st == RIDGE_OK)
        st = harden(s, err);
    s->is_writable = true; /* the copy, until it is of today's schema */
    if (st == RIDGE_OK)
        st = ridge_db_migrate(s, true, err);
    s->is_writable = false;
    return st;
}

static enum ridge_status open_reading(struct ridge_store *s, struct ridge_error *err)
{
    int64_t version;
    bool is_new;
    enum ridge_status st = ridge_db_identify(s, &version, &is_new, err);
    if (st == RIDGE_OK && is_new)
        st = ridge_fail(err, RIDGE_ERR_DB, s->path, "%s: is empty: no run was stored in it", s->path);
    if (st == RIDGE_OK && version < ridge_db_schema())
        st = take_copy(s, err);
    if (st == RIDGE_OK)
        st = ridge_db_exec(s, "PRAGMA query_only = ON", "set up", err);
    return st;
}

static enum ridge_status open_writing(struct ridge_store *s, struct ridge_error *err)
{
    int64_t version;
    bool is_new;
    enum ridge_status st = ridge_db_identify(s, &version, &is_new, err); /* before anything is changed */
    const char *network = network_name(s->path);
    s->is_network = network != NULL;
    if (st == RIDGE_OK && network != NULL)
        ridge_log(RIDGE_LOG_WARN, "%s: lies on a network file system (%s): rollback journal and full sync are "
                  "used, and only one host should write it at a time", s->path, network);
    if (st == RIDGE_OK)
        st = set_journal(s, err);
    if (st == RIDGE_OK)
        st = ridge_db_migrate(s, false, err);
    return st;
}

enum ridge_status ridge_store_open(const char *path, bool writable, struct ridge_store **out,
                                   struct ridge_error *err)
{
    *out = NULL;
    if (!writable && !ridge_os_exists(path))
        return ridge_fail(err, RIDGE_ERR_DB, path, "%s: there is no such file; `ridge run` makes one", path);
    struct ridge_store *s = ridge_xmalloc(sizeof *s);
    *s = (struct ridge_store){.is_writable = writable, .path = strdup(path)};
    /* a reader of a WAL file must be able to make its -shm: read-only is the second choice */
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READWRITE;
    if (writable)
        flags |= SQLITE_OPEN_CREATE;
    else if (access(path, W_OK) != 0)
        flags ^= SQLITE_OPEN_READWRITE | SQLITE_OPEN_READONLY;
    enum ridge_status st = RIDGE_OK;
    if (s->path == NULL || sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
        st = ridge_fail(err, RIDGE_ERR_DB, path, "%s: cannot open: %s", path,
                        s->db != NULL ? sqlite3_errmsg(s->db) : "out of memory");
    if (st == RIDGE_OK)
        st = harden(s, err);
    if (st == RIDGE_OK)
        st = writable ? open_writing(s, err) : open_reading(s, err);
    if (st != RIDGE_OK) {
        ridge_store_close(s);
        return st;
    }
    *out = s;
    return RIDGE_OK;
}

void ridge_store_close(struct ridge_store *s)
{
    if (s == NULL)
        return;
    (void)sqlite3_close_v2(s->db);
    free(s->path);
    free(s);
}
