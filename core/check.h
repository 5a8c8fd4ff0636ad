#pragma once

namespace rastro {

// Prints the broken promise with its place to stderr and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace rastro

// For promises between our own functions, in every build. Never for anything that input can cause.
#define RASTRO_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::rastro::check_failed(#condition, __FILE__, __LINE__))
