#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/result.h"

namespace rastro {

// The uncompressed bytes of one file, whatever it is packed in.
//
// Threads: one at a time. Ownership: owns the descriptor.
class Content {
 public:
  struct State {
    std::uint64_t size_bytes = 0;
    std::int64_t modified_ns = 0;  // since 1970; tells "changed" only, resolution is the kernel's
  };

  virtual ~Content() = default;
  // Up to `size` bytes from `offset` on; 0 at the end. May give fewer bytes than asked for.
  // corrupt: a damaged or truncated archive; everything before the damage was given.
  virtual Result<std::size_t> read_at(std::uint64_t offset, char* out, std::size_t size) = 0;
  // Of a file that may still be written to; nullopt: this content is complete.
  virtual std::optional<State> growing() const = 0;
};

// An opened file and what it is. Device and inode name it while it is open, and no longer.
struct OpenedFile {
  std::unique_ptr<Content> content;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  Time modified_at{};
  std::optional<Time> born_at;  // nullopt: the file system does not tell
  bool compressed = false;
};

enum class Symlinks { refused, followed };  // of the last part of a path; directories may be links

// Opens a log or an archive of one; what it is, is told by its first bytes, never by its name.
// Errors: not_found, unavailable (no permission), invalid (not a regular file), io.
Result<OpenedFile> open_content(const std::string& path, Symlinks symlinks);

}  // namespace rastro
