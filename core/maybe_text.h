#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rastro {

// A text that may be absent, used as an optional string is. It keeps its memory when it becomes
// absent: legs are written into again and again, and malloc would be half the cost of a line.
class MaybeText {
 public:
  using value_type = std::string;

  MaybeText() = default;
  MaybeText(std::nullopt_t /*absent*/) {}
  explicit MaybeText(std::string_view text) : text_(text), known_(true) {}
  MaybeText(const MaybeText&) = default;
  MaybeText& operator=(const MaybeText& other) {
    if (other.known_) {
      text_ = other.text_;
    } else {
      text_.clear();
    }
    known_ = other.known_;
    return *this;
  }
  MaybeText(MaybeText&& other) noexcept
      : text_(std::move(other.text_)), known_(std::exchange(other.known_, false)) {}
  // In exchange for the memory that it had.
  MaybeText& operator=(MaybeText&& other) noexcept {
    std::swap(text_, other.text_);
    std::swap(known_, other.known_);
    return *this;
  }
  ~MaybeText() = default;

  template <typename Text>
    requires std::convertible_to<const Text&, std::string_view>
  MaybeText& operator=(const Text& text) {
    emplace(text);
    return *this;
  }
  MaybeText& operator=(std::nullopt_t /*absent*/) {
    reset();
    return *this;
  }
  MaybeText& operator=(const std::optional<std::string>& text) {
    if (text) {
      emplace(*text);
    } else {
      reset();
    }
    return *this;
  }

  void emplace(std::string_view text) {
    text_ = text;
    known_ = true;
  }
  void reset() {
    text_.clear();
    known_ = false;
  }
  // The memory too, where it is more than `bytes_max`.
  void reset(std::size_t bytes_max) {
    if (text_.capacity() > bytes_max) std::string().swap(text_);
    reset();
  }

  bool has_value() const { return known_; }
  explicit operator bool() const { return known_; }
  const std::string& operator*() const { return text_; }
  const std::string* operator->() const { return &text_; }
  const std::string& value() const { return text_; }
  std::string value_or(std::string_view otherwise) const {
    return known_ ? text_ : std::string(otherwise);
  }
  operator std::optional<std::string>() const {
    return known_ ? std::optional(text_) : std::nullopt;
  }

  friend bool operator==(const MaybeText& a, const MaybeText& b) {
    return a.known_ == b.known_ && a.text_ == b.text_;
  }
  template <typename Text>
    requires std::convertible_to<const Text&, std::string_view>
  friend bool operator==(const MaybeText& a, const Text& b) {
    return a.known_ && std::string_view(a.text_) == std::string_view(b);
  }
  friend bool operator==(const MaybeText& a, std::nullopt_t /*absent*/) { return !a.known_; }
  friend bool operator==(const MaybeText& a, const std::optional<std::string>& b) {
    return a.known_ == b.has_value() && (!b || a.text_ == *b);
  }

 private:
  std::string text_;  // empty when absent
  bool known_ = false;
};

}  // namespace rastro
