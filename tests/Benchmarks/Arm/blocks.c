// A plugin for user-mode qemu (7 and later): counts how often each translated block runs. When the program ends it writes one line a block,
// "count address bytes-in-hexadecimal", to the file named by the argument out=FILE.
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The part of qemu's plugin interface that is used here; the header comes with qemu's sources only.
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*callback)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation, void *counter, uint64_t amount);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*callback)(qemu_plugin_id_t, void *), void *data);

enum { ADD_U64 = 0, INSTRUCTION_BYTES = 4 };

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

struct profile {
    struct profile *next;
    uint64_t runs;
    uint64_t address;
    size_t instructions;
    uint8_t code[];
};

static _Atomic(struct profile *) profiles;
static const char *output = "blocks.txt";

static void on_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    size_t count = qemu_plugin_tb_n_insns(block);
    struct profile *profile = calloc(1, sizeof(struct profile) + count * INSTRUCTION_BYTES);
    if (profile == NULL) {
        abort();
    }

    profile->address = qemu_plugin_tb_vaddr(block);
    profile->instructions = count;
    for (size_t i = 0; i < count; i++) {
        memcpy(profile->code + i * INSTRUCTION_BYTES, qemu_plugin_insn_data(qemu_plugin_tb_get_insn(block, i)), INSTRUCTION_BYTES);
    }

    profile->next = atomic_load(&profiles);
    while (!atomic_compare_exchange_weak(&profiles, &profile->next, profile)) {
    }

    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &profile->runs, 1);
}

static void on_exit_of_program(qemu_plugin_id_t id, void *data)
{
    (void)id, (void)data;
    FILE *file = fopen(output, "w");
    if (file == NULL) {
        perror(output);
        return;
    }

    for (const struct profile *p = atomic_load(&profiles); p != NULL; p = p->next) {
        if (p->runs != 0) {
            fprintf(file, "%" PRIu64 " %" PRIx64 " ", p->runs, p->address);
            for (size_t i = 0; i < p->instructions * INSTRUCTION_BYTES; i++) {
                fprintf(file, "%02x", p->code[i]);
            }

            fputc('\n', file);
        }
    }

    fclose(file);
}

__attribute__((visibility("default")))
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int count, char **arguments)
{
    (void)info;
    for (int i = 0; i < count; i++) {
        if (strncmp(arguments[i], "out=", 4) == 0) {
            output = strdup(arguments[i] + 4);
        }
    }

    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
    qemu_plugin_register_atexit_cb(id, on_exit_of_program, NULL);
    return 0;
}
