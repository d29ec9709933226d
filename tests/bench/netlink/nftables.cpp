// libnftables(3): asks nf_tables for its tables, in the language of nft(8).
#include <nftables/libnftables.h>

int main() {
  nft_ctx* const context = nft_ctx_new(NFT_CTX_DEFAULT);
  if (context == nullptr || nft_ctx_buffer_output(context) != 0 ||
      nft_run_cmd_from_buffer(context, "list tables") != 0)
    return 1;
  nft_ctx_free(context);
  return 0;
}
