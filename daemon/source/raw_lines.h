#pragma once

#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/position.h"
#include "core/raw_line_source.h"
#include "daemon/source/content.h"

namespace rastro {

// Reads log lines again from the files, wherever rotation put them: renamed, dated, packed. The
// content's fingerprint is compared before every answer, so a line is never taken from another
// file. Ask for the lines of one file in ascending order: an archive is read through.
//
// Threads: one at a time; one instance for each query thread. `clock` is borrowed.
// Memory: kOpenMax files; 0.5 MB for each archive among them.
class RawLines final : public RawLineSource {
 public:
  static constexpr std::size_t kOpenMax = 4;

  explicit RawLines(const Clock& clock, Symlinks symlinks = Symlinks::refused)
      : clock_(clock), symlinks_(symlinks) {}

  // What is known about the generations; replaces what was known of the same numbers.
  void know(const std::vector<SourcePosition>& positions);

  // Steady time after which read() gives up with Error::limit; nullopt: never.
  void set_deadline(std::optional<Duration> steady) { deadline_ = steady; }

  // Errors: not_found (the log is gone, or was never known), limit (deadline), corrupt (damaged
  // archive), unavailable, io.
  Result<std::string> read(const LineRef& line) override;
  std::string source_path(std::uint32_t source) const override;
  std::string moved_to(std::uint32_t source) const override;

 private:
  struct NamedFile {
    OpenedFile file;
    std::string path;
  };
  struct Open {
    std::uint32_t source = 0;
    OpenedFile file;
    std::string path;
    std::uint64_t reached = 0;  // how far an archive was unpacked
  };

  Result<Open*> find(const SourcePosition& position);
  Result<NamedFile> search(const SourcePosition& position) const;
  Result<std::string> read_bytes(Content& content, std::uint64_t offset, std::size_t length) const;
  Result<void> skip_to(Content& content, std::uint64_t from, std::uint64_t offset) const;
  bool late() const { return deadline_ && clock_.steady() >= *deadline_; }

  const Clock& clock_;
  Symlinks symlinks_;
  std::map<std::uint32_t, SourcePosition> positions_;
  std::list<Open> open_;  // the last used first
  std::optional<Duration> deadline_;
};

}  // namespace rastro
