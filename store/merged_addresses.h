#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite.h"

namespace rastro {

// The address lists of finished hours in one: most addresses are in many of them, and a question
// about a misspelt one looks at each once, without unpacking every hour's. Made of what readers can
// read off the files again, shared by all of them; nothing here is needed for an answer. Files are
// known by their serial. Threads: any.
class MergedAddresses {
 public:
  static constexpr std::size_t kBytesMax = 32UL * 1024 * 1024;  // of the list

  struct List {
    std::string addresses;  // as for_each_address_in() takes them
    std::vector<std::uint64_t> files;
    // Not in it: they say that they are not complete, or would have made it too long.
    std::vector<std::uint64_t> left_out;
    bool holds(std::uint64_t file) const;
  };

  explicit MergedAddresses(std::size_t bytes_max = kBytesMax) : bytes_max_(bytes_max) {}

  // Null: there is none yet. It may hold addresses of files that are gone.
  std::shared_ptr<const List> list() const;

  // Which of `finished` is to be merged next; nullopt: none. The list is made anew, beside the one
  // that is in use, when a file of it is gone: what retention dropped does not stay in memory.
  std::optional<std::uint64_t> next_of(const std::vector<std::uint64_t>& finished);
  void add(std::uint64_t file, Database& database);

 private:
  std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::shared_ptr<const List> shown_;
  std::shared_ptr<const List> made_ = std::make_shared<const List>();
  bool anew_ = false;  // `made_` has not yet all that `shown_` has
};

}  // namespace rastro
