#include "daemon/source/queued_lines.h"

#include <algorithm>
#include <utility>

namespace rastro {

void QueuedLines::add(std::string line, std::string cursor) {
  Waiting waiting{std::move(line), std::move(cursor), end_, false};
  if (waiting.text.size() > LineFramer::kLineBytesMax) {
    waiting.text.resize(LineFramer::kLineBytesMax);
    waiting.cut = true;
    ++counters_.cut_lines;
  }
  end_ += waiting.text.size() + 1;
  counters_.bytes += waiting.text.size() + 1;
  waiting_.push_back(std::move(waiting));
}

const SourceLine* QueuedLines::next() {
  if (waiting_.empty()) return nullptr;
  const auto& front = waiting_.front();
  line_.raw = {front.text, front.offset, static_cast<std::uint32_t>(front.text.size() + 1),
               front.cut};
  line_.generation = &generation_;
  return &line_;
}

void QueuedLines::take(std::optional<Time> stamp) {
  auto& front = waiting_.front();
  position_.offset = front.offset + front.text.size() + 1;
  if (!front.cursor.empty()) position_.cursor = std::move(front.cursor);
  if (stamp) {
    if (!position_.first_line_at) position_.first_line_at = stamp;
    position_.last_line_at = std::max(position_.last_line_at.value_or(*stamp), *stamp);
  }
  moved_ = true;
  ++counters_.lines;
  waiting_.pop_front();
}

void QueuedLines::take_position(std::vector<SourcePosition>& changed) {
  if (std::exchange(moved_, false)) changed.push_back(position_);
}

void append_escaped_line(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte != 0x7f) {
      out.push_back(c);
      continue;
    }
    out.push_back('#');
    for (const int shift : {6, 3, 0}) out.push_back(static_cast<char>('0' + ((byte >> shift) & 7)));
  }
}

}  // namespace rastro
