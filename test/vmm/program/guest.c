#include "test/vmm/program/guest.h"

/*
 * Five instructions for eight bytes, since there are machines on which KVM emulates each one. The
 * list of moves is the stack, so that fetching an address and going on to the next is one
 * instruction; both reads and writes are the same move, the other way round. Nothing is compared
 * here: a guest that judged itself could be made to lie by the very memory it judges.
 */
__asm__(
    ".pushsection .rodata\n"
    ".code32\n"
    ".global guest_code, guest_code_end\n"
    "guest_code:\n"
    "1: popl %esi\n"  /* from */
    "   popl %edi\n"  /* to */
    "   movsl\n"      /* the first touch of a page faults here, inside KVM_RUN */
    "   movsl\n"
    "   loop 1b\n"
    "   hlt\n"
    "guest_code_end:\n"
    ".code64\n"
    ".popsection\n");
