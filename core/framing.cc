#include "core/framing.h"

#include <algorithm>
#include <cstring>

namespace rastro {

void LineFramer::emit(std::string_view with_end, bool cut, std::uint64_t length) {
  auto text = with_end;
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (!text.empty() && text.front() == '\0') {
    const auto first = std::min(text.find_first_not_of('\0'), text.size());
    nul_bytes_ += first;
    text.remove_prefix(first);
  }
  sink_.on_line(
      {text, next_, static_cast<std::uint32_t>(std::min<std::uint64_t>(length, 0xffffffffU)), cut});
  next_ += length;
}

void LineFramer::hold(std::string_view part) {
  partial_length_ += part.size();
  if (skipping_) return;
  const auto room = kLineBytesMax - partial_.size();
  partial_.append(part.substr(0, room));
  if (part.size() > room) skipping_ = true;
}

void LineFramer::feed(std::string_view block) {
  while (!block.empty()) {
    const auto* end = static_cast<const char*>(std::memchr(block.data(), '\n', block.size()));
    if (end == nullptr) {
      hold(block);
      return;
    }
    const auto size = static_cast<std::size_t>(end - block.data()) + 1;
    const auto line = block.substr(0, size);
    block.remove_prefix(size);
    if (partial_length_ == 0 && size <= kLineBytesMax) {
      emit(line, false, size);
      continue;
    }
    hold(line);
    const bool cut = skipping_;
    cut_lines_ += cut ? 1 : 0;
    emit(partial_, cut, partial_length_);
    partial_.clear();
    partial_length_ = 0;
    skipping_ = false;
  }
}

void LineFramer::finish() {
  if (partial_length_ == 0) return;
  const bool cut = skipping_;
  cut_lines_ += cut ? 1 : 0;
  emit(partial_, cut, partial_length_);
  partial_.clear();
  partial_length_ = 0;
  skipping_ = false;
}

void LineFramer::reset(std::uint64_t offset) {
  partial_.clear();
  partial_length_ = 0;
  skipping_ = false;
  next_ = offset;
}

}  // namespace rastro
