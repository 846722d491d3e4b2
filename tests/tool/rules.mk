# The program `stage2`: inputs good and bad, walks, JSON, images.
check-tool: $(B)/stage2 $(B)/stage2-without-fdt ## test the program stage2
	$(Q)tests/run.sh tool stage2-$(notdir $(B)) tests/tool/run.sh $(B)/stage2 $(B)/stage2-without-fdt $(LIBFDT) \
	  "$(CC)" $(B)/tests-tool
.PHONY: check-tool
