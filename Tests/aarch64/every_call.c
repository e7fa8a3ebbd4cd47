/* Every call with every floating-point control word that a host may have, as Tests/c/test_floating_point.c has it. */
#include "every_call.h"

int main(void) {
  for (int word = 0; word < HOST_WORDS; word++) {
    const char *problem = problem_of_word(word, "every_call.hypr");
    if (!problem) continue;
    fprintf(stderr, "%s\n", problem);
    return 1;
  }
  printf("every call gives the same for each of %d control words, and gives them back\n", HOST_WORDS);
  return 0;
}
