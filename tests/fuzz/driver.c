/* Runs a libFuzzer target without libFuzzer: seeded mutations of built-in seeds, for ctest on any
 * compiler. With clang, -DRIDGE_FUZZER=ON links the real engine instead of this file. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MAX_INPUT = 4096 };

static uint64_t state = 0x9E3779B97F4A7C15u;

static uint64_t next_random(void) /* splitmix64, Steele et al. 2014 */
{
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static const char *const seeds[] = {
    "{\"name\":\"a\",\"matrix\":{\"subject\":[\"gemm:1x2x3\"],\"backend\":[\"ridge\"],\"threads\":["
    "1,2]}}",
    "{\"type\":\"samples\",\"fork\":0,\"round\":1,\"order\":0,\"n\":2,\"n_lead_in\":0,\"inner_"
    "reps\":1,"
    "\"columns\":{\"start_ns\":[1,2],\"duration_ns\":[3,4]},\"canary_hz\":3e9}",
    "{\"type\":\"hello\",\"wire\":1,\"worker\":\"w\",\"version\":\"0\",\"boot_id\":\"b\",\"pid\":1,"
    "\"host\":{}}",
    "400 ms",
    "2 MiB",
    "key=glob*,other=?",
    "[[[[[[[[",
    "\"\\ud800\\u0000\"",
    "=cmd()|' /C calc'!A0",
    "\x1b[31m</script>",
};

static size_t mutate(uint8_t *buf)
{
    const char *seed = seeds[next_random() % (sizeof seeds / sizeof seeds[0])];
    size_t n = strlen(seed);
    memcpy(buf, seed, n);
    const size_t n_edits = next_random() % 9;
    for (size_t i = 0; i < n_edits && n > 0; i++) {
        const size_t at = next_random() % n;
        switch (next_random() % 4) {
        case 0:
            buf[at] = (uint8_t)next_random();
            break;
        case 1:
            n = at;
            break;
        case 2:
            buf[at] ^= (uint8_t)(1u << (next_random() % 8));
            break;
        default:
            if (2 * n < MAX_INPUT) {
                memmove(buf + n, buf, n);
                n *= 2;
            }
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    const long n_runs = argc > 1 ? strtol(argv[1], NULL, 10) : 20000;
    static uint8_t buf[MAX_INPUT];
    for (long i = 0; i < n_runs; i++) {
        const size_t n = mutate(buf);
        uint8_t *exact =
            malloc(n > 0 ? n : 1); /* exact size: the sanitizer sees the first byte too far */
        if (exact == NULL)
            return 1;
        memcpy(exact, buf, n);
        (void)LLVMFuzzerTestOneInput(exact, n);
        free(exact);
    }
    printf("%ld inputs, no crash\n", n_runs);
    return 0;
}
