#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/event.h"
#include "daemon/source/file_tail.h"

namespace rastro {

// A private directory, removed at the end.
class LogDirectory {
 public:
  LogDirectory() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "rastro-source-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~LogDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  LogDirectory(const LogDirectory&) = delete;
  LogDirectory& operator=(const LogDirectory&) = delete;

  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

  void append(std::string_view name, std::string_view bytes) const {
    std::ofstream(*this / name, std::ios::app | std::ios::binary) << bytes;
  }
  void rename(std::string_view from, std::string_view to) const {
    std::filesystem::rename(*this / from, *this / to);
  }
  void remove(std::string_view name) const { std::filesystem::remove(*this / name); }
  void create(std::string_view name) const { append(name, ""); }
  void truncate(std::string_view name) const { std::filesystem::resize_file(*this / name, 0); }
  void copy(std::string_view from, std::string_view to) const {
    std::filesystem::copy_file(*this / from, *this / to,
                               std::filesystem::copy_options::overwrite_existing);
  }
  // With the command of the format, which keeps the file's time and removes the original.
  void compress(std::string_view name, std::string_view format) const {
    const std::string file = "'" + *this / name + "'";
    std::string command;
    if (format == "gz") command = "gzip -f " + file;
    if (format == "bz2") command = "bzip2 -f " + file;
    if (format == "xz") command = "xz -f -1 " + file;
    if (format == "zst") command = "zstd -q -f --rm " + file;
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }

 private:
  std::string path_;
};

// A FileTail with a store: what was taken, and the positions that were saved with it.
class TailedLog {
 public:
  explicit TailedLog(std::string path, FileTailOptions options = {})
      : path_(std::move(path)), options_(options), clock_(SystemClock().wall()) {
    restart();
  }

  // As after kill -9: what was not saved is forgotten.
  void restart() {
    std::vector<SourcePosition> saved;
    std::uint32_t last = 0;
    for (const auto& [number, position] : saved_) {
      saved.push_back(position);
      last = std::max(last, number);
    }
    numbers_ = std::make_unique<SourceNumbers>(last);
    tail_ = std::make_unique<FileTail>(path_, saved, options_, clock_, *numbers_);
    tail_->restore_pending(saved_pending_);
  }

  // Reads all there is. Saves as the writer would: positions with the lines up to them.
  void read(std::size_t budget_bytes = 1 << 20) {
    for (;;) {
      while (const auto* line = tail_->next()) take(*line);
      const auto got = tail_->poll(budget_bytes);
      failure_ = got ? std::string() : got.error().message;
      if (!got || (!got->more && tail_->next() == nullptr)) break;
    }
    save();
  }

  // Reads and saves at most `count` lines.
  void read_lines(std::size_t count) {
    for (int idle = 0; count > 0 && idle < 10;) {
      if (const auto* line = tail_->next()) {
        take(*line);
        --count;
      } else if (const auto got = tail_->poll(1 << 16); !got || !got->more) {
        ++idle;
      }
    }
    save();
  }

  // Long enough for everything that was rotated away to be finished.
  void settle() {
    for (int i = 0; i < 4; ++i) {
      read();
      clock_.advance(FileTail::kLinger);
    }
    read();
  }

  void save() {
    std::vector<SourcePosition> changed;
    tail_->take_positions(changed);
    for (auto& position : changed) saved_[position.source] = position;
    tail_->take_holes(holes);
    std::vector<PendingState> pending;
    tail_->take_pending(pending);
    for (auto& state : pending) saved_pending_ = std::move(state.value);
  }

  ManualClock& clock() { return clock_; }
  FileTail& tail() { return *tail_; }
  std::map<std::uint32_t, SourcePosition>& saved() { return saved_; }
  const std::string& failure() const { return failure_; }

  std::vector<std::string> lines;
  std::vector<LineRef> refs;
  std::vector<CoverageHole> holes;
  std::function<std::optional<Time>(std::string_view)> stamp_of;

 private:
  void take(const SourceLine& line) {
    lines.emplace_back(line.raw.text);
    refs.push_back({line.generation->source, line.raw.length, line.raw.offset});
    tail_->take(stamp_of ? stamp_of(line.raw.text) : std::nullopt);
  }

  std::string path_;
  FileTailOptions options_;
  ManualClock clock_;
  std::unique_ptr<SourceNumbers> numbers_;
  std::unique_ptr<FileTail> tail_;
  std::map<std::uint32_t, SourcePosition> saved_;
  std::string saved_pending_;
  std::string failure_;
};

inline std::string numbered(int first, int last) {
  std::string text;
  for (int i = first; i <= last; ++i) {
    const auto number = std::to_string(i);
    text += "2026-11-24T01:02:03." + std::string(6 - number.size(), '0') + number +
            "+00:00 mail postfix/qmgr[77]: line " + number + "\n";
  }
  return text;
}

// Of such a line, a second apart.
inline Time time_of_numbered(int number) {
  return Time(std::chrono::seconds(1'795'482'123 + number));
}
inline std::optional<Time> stamp_of_numbered(std::string_view line) {
  const auto at = line.rfind("line ");
  if (at == std::string_view::npos) return std::nullopt;
  return time_of_numbered(std::atoi(std::string(line.substr(at + 5)).c_str()));
}

// The numbers of such lines.
inline std::vector<int> numbers_of(const std::vector<std::string>& lines) {
  std::vector<int> numbers;
  for (const auto& line : lines) {
    const auto at = line.rfind("line ");
    numbers.push_back(at == std::string::npos ? -1 : std::atoi(line.c_str() + at + 5));
  }
  return numbers;
}

inline std::vector<int> sequence(int first, int last) {
  std::vector<int> numbers;
  for (int i = first; i <= last; ++i) numbers.push_back(i);
  return numbers;
}

}  // namespace rastro
