#include "daemon/source/generation_reader.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "core/check.h"
#include "daemon/source/fingerprint.h"

namespace rastro {

GenerationReader::GenerationReader(OpenedFile file, Generation generation, SourcePosition position,
                                   std::string head)
    : file_(std::move(file)),
      generation_(std::move(generation)),
      position_(std::move(position)),
      head_(std::move(head)),
      framer_(*this, position_.offset),
      read_end_(position_.offset) {
  position_.device = file_.device;
  position_.inode = file_.inode;
}

void GenerationReader::on_line(const RawLine& line) {
  RawLine kept = line;
  // The framer's views end with the call, but those into our own block live as long as it does.
  const std::less_equal<> not_after;
  const bool inside = !block_.empty() && not_after(block_.data(), line.text.data()) &&
                      not_after(line.text.data() + line.text.size(), block_.data() + block_.size());
  if (!inside) kept.text = carried_.emplace_back(line.text);
  lines_.push_back({kept, &generation_});
}

// Reads what stands before the position, to notice later that it changed.
Result<bool> GenerationReader::prime() {
  const auto size = std::min<std::uint64_t>(position_.offset, kAnchorBytes);
  std::string before(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const auto got =
        file_.content->read_at(position_.offset - size + have, before.data() + have, size - have);
    if (!got) return got.error();
    if (*got == 0) return false;
    have += *got;
  }
  if (size > 0 && fingerprint(before) != position_.anchor_hash) return false;
  tail_ = std::move(before);
  primed_ = true;
  return true;
}

// A file that was written anew to exactly the size that we have read.
Result<bool> GenerationReader::unchanged_at_end() {
  std::string now(tail_.size(), '\0');
  std::size_t have = 0;
  while (have < now.size()) {
    const auto got =
        file_.content->read_at(read_end_ - now.size() + have, now.data() + have, now.size() - have);
    if (!got) return got.error();
    if (*got == 0) return false;
    have += *got;
  }
  return now == tail_;
}

// Makes block_ = tail_ + new bytes. Returns the number of new bytes; tail_.size() bytes that differ
// from what was read before are told by an empty block_.
Result<std::size_t> GenerationReader::fill(std::size_t wanted) {
  block_.resize(tail_.size() + wanted);
  // One read for both: between two of them the file could be truncated and written anew.
  const auto overlap = file_.content->growing() ? tail_.size() : 0;
  std::memcpy(block_.data(), tail_.data(), tail_.size());
  const auto kept = tail_.size() - overlap;
  const auto got =
      file_.content->read_at(read_end_ - overlap, block_.data() + kept, block_.size() - kept);
  if (!got) {
    block_ = {};
    return got.error();
  }
  if (*got < overlap || std::memcmp(block_.data(), tail_.data(), overlap) != 0) {
    block_.clear();
    return std::size_t{0};
  }
  block_.resize(kept + *got);
  return *got - overlap;
}

Result<GenerationReader::Step> GenerationReader::read(std::size_t budget_bytes) {
  RASTRO_CHECK(next() == nullptr);
  settle();
  lines_.clear();
  carried_.clear();
  at_ = 0;
  if (!primed_) {
    const auto fits = prime();
    if (!fits) return fits.error();
    if (!*fits) return Step::changed;
  }
  auto wanted = std::clamp<std::size_t>(budget_bytes, 1, kBlockBytes);
  if (const auto now = file_.content->growing()) {
    if (now->size_bytes < std::max<std::uint64_t>(read_end_, head_.size())) return Step::changed;
    if (now->size_bytes == read_end_) {
      block_ = {};
      if (now->modified_ns == seen_modified_ns_) return Step::end;
      const auto same = unchanged_at_end();
      if (!same) return same.error();
      if (!*same) return Step::changed;
      seen_modified_ns_ = now->modified_ns;
      return Step::end;
    }
    wanted = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, now->size_bytes - read_end_));
    seen_modified_ns_ = now->modified_ns;
  }
  const auto tail_size = tail_.size();
  const auto got = fill(wanted);
  if (!got) return got.error();
  if (block_.size() < tail_size || (tail_size > 0 && block_.empty())) return Step::changed;
  if (*got == 0) {
    block_ = {};
    return Step::end;
  }
  const std::string_view fresh(block_.data() + tail_size, *got);
  if (read_end_ < head_.size()) {
    // The head was read when the file was opened, maybe long ago.
    const auto seen = std::string_view(head_).substr(static_cast<std::size_t>(read_end_));
    if (!seen.starts_with(fresh.substr(0, seen.size()))) {
      block_ = {};
      return Step::changed;
    }
  }
  if (head_.size() < kHeadBytesMax && head_.size() >= read_end_) {
    const auto skip = static_cast<std::size_t>(head_.size() - read_end_);
    if (skip < fresh.size()) head_.append(fresh.substr(skip, kHeadBytesMax - head_.size()));
  }
  read_end_ += *got;
  bytes_read_ += *got;
  const auto keep = std::min(block_.size(), kAnchorBytes);
  tail_.assign(block_.data() + block_.size() - keep, keep);
  framer_.feed(fresh);
  return Step::data;
}

void GenerationReader::take(std::optional<Time> stamp) {
  RASTRO_CHECK(at_ < lines_.size());
  const bool last = at_ + 1 == lines_.size();
  // A cut line's length is capped in RawLine; the framer knows where it ended.
  position_.offset = last ? framer_.consumed() : lines_[at_ + 1].raw.offset;
  if (stamp) {
    if (!position_.first_line_at) position_.first_line_at = stamp;
    position_.last_line_at = stamp;
  }
  anchor_stale_ = true;
  ++at_;
}

void GenerationReader::look_at_head() {
  if (untouched() && head_.empty()) head_ = read_head(*file_.content);
}

bool GenerationReader::same_as(std::string_view head, Content& content) {
  if (position().offset > 0) return same_content(position(), head, content);
  // Nothing is known of it but what stands in the file, which is still at hand.
  const auto mine = complete() ? head_ : read_head(*file_.content);
  const auto size = std::min(mine.size(), head.size());
  const auto common = head.substr(0, size);
  return std::string_view(mine).starts_with(common) && common.find('\n') != common.npos;
}

void GenerationReader::finish() {
  RASTRO_CHECK(next() == nullptr);
  settle();
  lines_.clear();
  carried_.clear();
  at_ = 0;
  framer_.finish();
}

std::string_view GenerationReader::bytes_before(std::uint64_t offset) const {
  if (offset == read_end_) return tail_;
  const auto behind = static_cast<std::size_t>(read_end_ - offset);
  RASTRO_CHECK(behind <= block_.size());
  const auto end = block_.size() - behind;
  const auto size = std::min<std::size_t>(
      end, static_cast<std::size_t>(std::min<std::uint64_t>(offset, kAnchorBytes)));
  return {block_.data() + end - size, size};
}

// The anchor is hashed when somebody asks or the block goes, not for each line.
void GenerationReader::settle() {
  if (!anchor_stale_) return;
  position_.anchor_hash = fingerprint(bytes_before(position_.offset));
  anchor_stale_ = false;
}

const SourcePosition& GenerationReader::position() {
  settle();
  if (position_.head_length < head_.size()) {
    position_.head_length = static_cast<std::uint32_t>(head_.size());
    position_.head_hash = fingerprint(head_);
  }
  return position_;
}

}  // namespace rastro
