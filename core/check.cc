#include "core/check.h"

#include <cstdio>
#include <cstdlib>

namespace rastro {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "rastro: broken promise: %s at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace rastro
