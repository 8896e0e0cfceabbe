// The table of known keys as the assembler finds it in the source tree; KNOWN_KEYS_FILE is set by
// CMake, which also rebuilds this file when the table changes.
asm(R"(
  .pushsection .rodata.troupe_known_keys, "a"
  .global troupe_known_keys_begin
  .hidden troupe_known_keys_begin
troupe_known_keys_begin:
  .incbin ")" KNOWN_KEYS_FILE R"("
  .global troupe_known_keys_end
  .hidden troupe_known_keys_end
troupe_known_keys_end:
  .byte 0
  .popsection
)");
