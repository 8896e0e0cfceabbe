// The page's files as the assembler finds them in the source tree; PAGE_FOLDER is set by CMake,
// which also rebuilds this file when one of them changes.
#define TR_PAGE_FILE(symbol, file)                                                                 \
  asm(".pushsection .rodata.troupe_page, \"a\"\n"                                                  \
      ".global " symbol "_begin\n"                                                                 \
      ".hidden " symbol "_begin\n" symbol "_begin:\n"                                              \
      ".incbin \"" PAGE_FOLDER "/" file "\"\n"                                                     \
      ".global " symbol "_end\n"                                                                   \
      ".hidden " symbol "_end\n" symbol "_end:\n"                                                  \
      ".byte 0\n"                                                                                  \
      ".popsection\n")

TR_PAGE_FILE("troupe_page_index", "index.html");
TR_PAGE_FILE("troupe_page_script", "page.js");
TR_PAGE_FILE("troupe_page_style", "page.css");
TR_PAGE_FILE("troupe_page_icon", "favicon.svg");
