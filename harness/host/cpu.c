#include "host/cpu.h"

#include "base/os.h"
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

/* Intel SDM vol. 3, 18.17.1: CPUID.80000007H:EDX[8]; RDTSCP: CPUID.80000001H:EDX[27]. */
static bool has_edx(unsigned leaf, unsigned bit)
{
    unsigned eax, ebx, ecx, edx = 0;
    return __get_cpuid(leaf, &eax, &ebx, &ecx, &edx) != 0 && (edx >> bit & 1u) != 0;
}

bool ridge_cpu_has_invariant_tsc(void)
{
    return has_edx(0x80000007u, 8);
}

bool ridge_cpu_has_rdtscp(void)
{
    return has_edx(0x80000001u, 27);
}

const char *ridge_cpu_hypervisor(struct ridge_arena *a)
{
    static const struct {
        const char *signature, *name;
    } known[] = {{"KVMKVMKVM", "kvm"},          {"Microsoft Hv", "hyper-v"},
                 {"VMwareVMware", "vmware"},    {"XenVMMXenVMM", "xen"},
                 {"bhyve bhyve ", "bhyve"},     {"TCGTCGTCGTCG", "qemu tcg"},
                 {"VBoxVBoxVBox", "virtualbox"}};
    unsigned eax, ebx, ecx = 0, edx;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx >> 31 & 1u) == 0)
        return "no";
    unsigned words[3];
    __cpuid(0x40000000u, eax, words[0], words[1], words[2]);
    char signature[13] = {0};
    memcpy(signature, words, 12);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(signature, known[i].signature) == 0)
            return known[i].name;
    struct ridge_buf b = {0};
    ridge_text_terminal(&b, signature);
    ridge_buf_puts(&b, "");
    const char *name = ridge_arena_printf(a, "yes, hypervisor '%s'", b.data);
    ridge_buf_deinit(&b);
    return name;
}
#else
bool ridge_cpu_has_invariant_tsc(void)
{
    return false;
}

bool ridge_cpu_has_rdtscp(void)
{
    return false;
}

const char *ridge_cpu_hypervisor(struct ridge_arena *a)
{
    (void)a;
    if (ridge_os_exists("/proc/device-tree/hypervisor"))
        return "yes";
    return "unknown: only x86 processors say whether they are virtual";
}
#endif

enum { MAX_CPUINFO_BYTES = 16 << 20 };

const char *ridge_cpu_info(struct ridge_arena *a, const char *key)
{
    struct ridge_buf text = {0};
    const char *value = NULL;
    size_t n = strlen(key);
    if (ridge_os_read_file("/proc/cpuinfo", MAX_CPUINFO_BYTES, &text, NULL) != RIDGE_OK)
        goto out;
    for (const char *line = text.data; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        size_t len = end != NULL ? (size_t)(end - line) : strlen(line);
        const char *colon = memchr(line, ':', len);
        if (colon != NULL && strncmp(line, key, n) == 0 &&
            (line[n] == '\t' || line[n] == ' ' || line[n] == ':')) {
            const char *start = colon + 1;
            start += strspn(start, " \t");
            value =
                start <= line + len ? ridge_arena_strn(a, start, (size_t)(line + len - start)) : "";
            break;
        }
        line = end != NULL ? end + 1 : NULL;
    }
out:
    ridge_buf_deinit(&text);
    return value;
}

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = strstr(words, word); p != NULL; p = strstr(p + 1, word))
        if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
            return true;
    return false;
}

const char *ridge_cpu_isa(struct ridge_arena *a)
{
    static const char *const wanted[] = {
        "sse2",        "sse4_2",      "avx",      "f16c",     "fma",      "avx2",
        "avx_vnni",    "avx512f",     "avx512bw", "avx512dq", "avx512vl", "avx512_vnni",
        "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "asimd",
        "asimdhp",     "asimddp",     "sve",      "sve2",     "i8mm",     "bf16"};
    const char *flags = ridge_cpu_info(a, "flags");
    if (flags == NULL)
        flags = ridge_cpu_info(a, "Features");
    if (flags == NULL)
        return "unknown: /proc/cpuinfo names no flags";
    struct ridge_buf b = {0};
    ridge_buf_puts(&b, "");
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (has_word(flags, wanted[i]))
            ridge_buf_printf(&b, "%s%s", b.n > 0 ? " " : "", wanted[i]);
    const char *out = b.n > 0 ? ridge_arena_str(a, b.data) : "none of those Ridge uses";
    ridge_buf_deinit(&b);
    return out;
}
