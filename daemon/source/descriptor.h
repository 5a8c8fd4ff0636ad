#pragma once

#include <unistd.h>

#include <cstdint>
#include <utility>

#include "core/result.h"

namespace rastro {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  explicit operator bool() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// pread(2) that is not disturbed by signals; 0 at the end of the file.
Result<std::size_t> pread_some(int descriptor, std::uint64_t offset, char* out, std::size_t size);

}  // namespace rastro
