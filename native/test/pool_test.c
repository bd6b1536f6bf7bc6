#include "test.h"

static void count_up(void *context, size_t index) {
  atomic_fetch_add((atomic_size_t *)context, index);
}

HF_TEST(does_everything_in_parallel_once) {
  for (size_t count = 0; count < 100; count += 7) {
    atomic_size_t sum = 0;
    hf_parallel(count_up, &sum, count);
    CHECK(atomic_load(&sum) == count * (count ? count - 1 : 0) / 2);
  }
}

HF_TEST(buffers_and_readers_agree) {
  hf_buffer buffer = {0};
  hf_buffer_put_u8(&buffer, 200);
  hf_buffer_put_u32(&buffer, 0xdeadbeef);
  hf_buffer_put_oid(&buffer, &hf_empty_tree);
  hf_buffer_put_text(&buffer, "text", 4);
  hf_reader reader = {buffer.data, buffer.data + buffer.length, false};
  git_oid oid;
  size_t length;
  CHECK(hf_reader_u8(&reader) == 200);
  CHECK(hf_reader_u32(&reader) == 0xdeadbeef);
  hf_reader_oid(&reader, &oid);
  CHECK(git_oid_equal(&oid, &hf_empty_tree));
  CHECK(memcmp(hf_reader_text(&reader, &length), "text", 4) == 0 && length == 4);
  CHECK(!reader.failed);
  hf_reader_u32(&reader);
  CHECK(reader.failed);
  hf_buffer_free(&buffer);
}
