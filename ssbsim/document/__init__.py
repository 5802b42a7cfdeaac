"""YAML with places, units, problems and their wording; knows nothing of physics.

==============  ==========================================================================
yaml_file       YAML text to data in which every key knows its line
units           ``200 nm`` to a number in the storage unit of a dimension, and back
quantities      types of fields that carry a dimension
model           what all parts of an input file share: immutable, no unknown key
problems        what is wrong, where, and what to try; one error for all of it
suggestions     the nearest right name
translation     what pydantic found, in the words of someone who writes a case
reading         all of it: from a file to a model
==============  ==========================================================================
"""
