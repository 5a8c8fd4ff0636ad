#include "daemon/source/reversed_file.h"

#include <algorithm>
#include <utility>

#include "daemon/source/content.h"
#include "daemon/source/fingerprint.h"

namespace rastro {

Result<std::unique_ptr<ReversedFile>> ReversedFile::open(const std::string& path, Order order,
                                                         SourceNumbers& numbers) {
  auto file = open_content(path, Symlinks::followed);
  if (!file) return file.error();
  auto out = std::unique_ptr<ReversedFile>(new ReversedFile());
  const auto state = file->content->growing();
  if (file->compressed || !state || state->size_bytes > kBytesMax) {
    return make_error(Error::Code::limit, path + ": too large to be read backwards");
  }
  out->bytes_.resize(state->size_bytes);
  std::size_t size = 0;
  while (size < out->bytes_.size()) {
    const auto got =
        file->content->read_at(size, out->bytes_.data() + size, out->bytes_.size() - size);
    if (!got) return got.error();
    if (*got == 0) break;
    size += *got;
  }
  out->bytes_.resize(size);

  auto& position = out->position_;
  position.source = numbers.next();
  position.path = path;
  position.device = file->device;
  position.inode = file->inode;
  const auto head = std::string_view(out->bytes_).substr(0, kHeadBytesMax);
  position.head_hash = fingerprint(head);
  position.head_length = static_cast<std::uint32_t>(head.size());
  position.offset = size;
  const auto tail = size - std::min(size, kAnchorBytes);
  position.anchor_hash = fingerprint(std::string_view(out->bytes_).substr(tail));
  out->generation_ = {position.source, 0, path, path, file->modified_at};

  LineFramer framer(*out);
  framer.feed(out->bytes_);
  framer.finish();
  if (order == Order::written) std::ranges::reverse(out->lines_);
  out->counters_.bytes = size;
  out->counters_.cut_lines = framer.cut_lines();
  out->counters_.nul_bytes = framer.nul_bytes();
  return out;
}

// The framer's view may be of its own copy, where the last line has no end.
void ReversedFile::on_line(const RawLine& line) {
  auto kept = line;
  const std::string_view in_file = std::string_view(bytes_).substr(line.offset);
  kept.text = in_file.substr(in_file.find(line.text), line.text.size());
  lines_.push_back({kept, &generation_});
}

Result<Progress> ReversedFile::poll(std::size_t /*budget_bytes*/) {
  return Progress{0, next() != nullptr};
}

void ReversedFile::take(std::optional<Time> stamp) {
  if (stamp) {
    if (!position_.first_line_at) position_.first_line_at = stamp;
    position_.last_line_at = stamp;
  }
  lines_.pop_back();
  ++counters_.lines;
}

void ReversedFile::take_positions(std::vector<SourcePosition>& changed) {
  position_.finished = lines_.empty();
  if (reported_ && !position_.finished) return;
  reported_ = true;
  changed.push_back(position_);
}

}  // namespace rastro
