#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <utility>
#include <vector>

namespace rastro {

// A vector whose items keep their memory when they are taken out, for the next ones to be written
// into. An item is made as new by its clear().
template <typename Item>
class ReusedItems {
 public:
  using value_type = Item;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using reference = Item&;
  using const_reference = const Item&;
  using iterator = Item*;
  using const_iterator = const Item*;

  ReusedItems() = default;
  ReusedItems(std::initializer_list<Item> items) : items_(items), size_(items_.size()) {}
  ReusedItems(const ReusedItems& other) : items_(other.begin(), other.end()), size_(other.size_) {}
  ReusedItems(ReusedItems&& other) noexcept
      : items_(std::move(other.items_)), size_(std::exchange(other.size_, 0)) {
    other.items_.clear();
  }
  ReusedItems& operator=(const ReusedItems& other) {
    if (this == &other) return *this;
    const auto written = std::min(items_.size(), other.size_);
    for (std::size_t i = 0; i < written; ++i) items_[i] = other.items_[i];
    items_.reserve(other.size_);
    for (auto i = written; i < other.size_; ++i) items_.push_back(other.items_[i]);
    size_ = other.size_;
    return *this;
  }
  ReusedItems& operator=(ReusedItems&& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(size_, other.size_);
    other.size_ = 0;
    return *this;
  }
  ~ReusedItems() = default;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t capacity() const { return items_.capacity(); }
  Item* data() { return items_.data(); }
  const Item* data() const { return items_.data(); }
  Item* begin() { return items_.data(); }
  const Item* begin() const { return items_.data(); }
  Item* end() { return items_.data() + size_; }
  const Item* end() const { return items_.data() + size_; }
  Item& operator[](std::size_t i) { return items_[i]; }
  const Item& operator[](std::size_t i) const { return items_[i]; }
  Item& at(std::size_t i) { return items_[checked(i)]; }
  const Item& at(std::size_t i) const { return items_[checked(i)]; }
  Item& front() { return items_.front(); }
  const Item& front() const { return items_.front(); }
  Item& back() { return items_[size_ - 1]; }
  const Item& back() const { return items_[size_ - 1]; }

  // As new, in the memory of one that was taken out.
  Item& emplace_back() {
    if (size_ == items_.size()) {
      items_.emplace_back();
    } else {
      items_[size_].clear();
    }
    return items_[size_++];
  }
  void push_back(Item item) {
    if (size_ == items_.size()) {
      items_.push_back(std::move(item));
    } else {
      items_[size_] = std::move(item);
    }
    ++size_;
  }
  template <typename Iterator>
  Item* insert(const Item* before, Iterator first, Iterator last) {
    const auto at = before - data();
    const auto old_size = static_cast<std::ptrdiff_t>(size_);
    for (; first != last; ++first) push_back(*first);
    std::rotate(data() + at, data() + old_size, data() + size_);
    return data() + at;
  }
  Item* insert(const Item* before, const Item& item) { return insert(before, &item, &item + 1); }
  Item* erase(const Item* first, const Item* last) {
    const auto begin = first - data();
    const auto end = last - data();
    std::rotate(data() + begin, data() + end, data() + size_);
    size_ -= static_cast<std::size_t>(end - begin);
    return data() + begin;
  }
  Item* erase(const Item* item) { return erase(item, item + 1); }
  void resize(std::size_t size) {
    while (size_ < size) emplace_back();
    size_ = size;
  }
  void reserve(std::size_t size) { items_.reserve(size); }
  void clear() { size_ = 0; }
  // Gives back what is kept as well.
  void shrink_to_fit() {
    items_.resize(size_);
    items_.shrink_to_fit();
  }

 private:
  // What was taken out is still there, and not in.
  std::size_t checked(std::size_t i) const {
    if (i >= size_) throw std::out_of_range("ReusedItems::at");
    return i;
  }

  std::vector<Item> items_;  // the first size_ are in, the others were
  std::size_t size_ = 0;
};

}  // namespace rastro
