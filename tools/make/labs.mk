# Which modules are a student's: `make LAB=04`, `make LABS="04 07"`, `make LABS=all`. Each file that the labs ask for is taken from
# labs/labNN-*/work instead of src/; everything else is the reference. LAB_WORK and LAB_TAG are the grader's: another folder of work,
# another name for the image.

comma := ,
LABS_CHOSEN := $(strip $(subst $(comma), ,$(LABS)) $(LAB))

ifneq ($(LABS_CHOSEN),)
LAB_TAG ?= lab$(subst $() ,-,$(LABS_CHOSEN))
# REFERENCE=WORK, a pair a file; none for a lab whose files are no modules: its image is all reference.
LAB_MAP := $(shell $(PYTHON) -B tools/lab map $(LABS_CHOSEN) $(LAB_WORK:%=--work=%))
ifneq ($(.SHELLSTATUS),0)
$(error LAB=$(LABS_CHOSEN): see above)
endif
LAB_REFERENCES := $(foreach pair,$(LAB_MAP),$(firstword $(subst =, ,$(pair))))
lab_choice = $(filter-out $(foreach source,$(LAB_REFERENCES),$(OBJ)/$(basename $(source)).o),$1) \
	$(foreach source,$(LAB_REFERENCES),$(patsubst $(OBJ)/%,$(LINKED)/%,$(filter $(OBJ)/$(basename $(source)).o,$1)))
else
lab_choice = $1
endif
