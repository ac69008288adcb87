#!/usr/bin/env python3
"""model_table.py MODELINFO.xml > NAME.model: the types of a CQL data model as a compact table.

Reads an ELM model info document and writes the form that engine/cql/fhir/model_table.h defines: names, types and where an
element is found in the FHIR resource; no descriptions, no constraints.
"""
import re
import sys
import xml.etree.ElementTree as ET

NS = '{urn:hl7-org:elm-modelinfo:r1}'
XSI = '{http://www.w3.org/2001/XMLSchema-instance}type'
SD = 'http://hl7.org/fhir/StructureDefinition/'


class Table:
    def __init__(self, root):
        self.root = root
        self.name = root.get('name')

    def type_name(self, text):
        """System types get a leading dot, types of the model none."""
        if text.startswith('System.'):
            return '.' + text[len('System.'):]
        if text.startswith(self.name + '.'):
            return text[len(self.name) + 1:]
        return text

    def specifier(self, node):
        kind = node.get(XSI, '')
        if kind == 'ListTypeSpecifier':
            inner = node.get('elementType')
            return (self.type_name(inner) if inner else self.specifier(node[0])) + '[]'
        if kind == 'ChoiceTypeSpecifier':
            return '|'.join(self.specifier(c) for c in node if c.tag in (NS + 'choice', NS + 'type'))
        if kind == 'IntervalTypeSpecifier':
            inner = node.get('pointType')
            return 'Interval<' + (self.type_name(inner) if inner else self.specifier(node[0])) + '>'
        space = node.get('namespace') or node.get('modelName')
        return self.type_name((space + '.' if space else '') + node.get('name'))

    def element_type(self, element):
        named = element.get('elementType')
        if named:
            return '.Any' if ' ' in named else self.type_name(named)
        for child in element:
            if child.tag == NS + 'elementTypeSpecifier':
                return self.specifier(child)
        return '.Any'

    @staticmethod
    def target(text):
        """%value.value and the FHIRHelpers conversions in one word; extensions as ext(PATH URL)."""
        if text is None:
            return ''
        simple = {'%value.value': 'value', 'FHIRHelpers.ToConcept(%value)': 'concept', 'FHIRHelpers.ToCode(%value)': 'code',
                  'FHIRHelpers.ToQuantity(%value)': 'quantity', 'FHIRHelpers.ToInterval(%value)': 'interval',
                  'FHIRHelpers.ToValue(%value)': 'choice', 'FHIRHelpers.ToRatio(%value)': 'ratio'}
        if text in simple:
            return simple[text]
        slot = re.search(r"%parent\.category\[coding\.system='([^']*)',coding\.code='([^']*)'\]", text)
        if slot:
            return 'slice category %s %s' % slot.groups()
        both = re.search(r"ToValueSet\(%parent\.([A-Za-z.]+)(?:\[x\])?\.extension\[url='([^']*)'\]", text)
        if both:
            return 'conceptorset %s' % both.group(2)
        ext = re.search(r"%parent\.((?:[a-z][A-Za-z]*\.)*)(extension|modifierExtension)\[url='([^']*)'\](\.value)?", text)
        if not ext:
            raise SystemExit('unknown target ' + text)
        path, kind, url, value = ext.groups()
        if url == 'null':
            return 'none'
        words = ['modifier' if kind == 'modifierExtension' else 'extension', (path + url) if path else url]
        return ' '.join(words) + (' choice' if value else ' whole')

    def write(self, out):
        root = self.root
        out.write('model %s %s %s\n' % (self.name, root.get('version'), root.get('url')))
        out.write('patient %s %s\n' % (self.type_name(root.get('patientClassName')), root.get('patientBirthDatePropertyName')))
        codes, types, seen = [], [], set()
        for info in root.findall(NS + 'typeInfo'):
            name = info.get('name')
            if name in seen or ' ' in name:
                continue
            seen.add(name)
            elements = info.findall(NS + 'element')
            base = self.type_name(info.get('baseType', '.Any'))
            only_value = len(elements) == 1 and elements[0].get('name') == 'value' and self.element_type(elements[0]) == '.String'
            if info.get('identifier') is None and ((base == 'Element' and only_value) or (base == '.String' and not elements)):
                codes.append(name)
            else:
                types.append((name, base, info, elements))
        line = ''
        for name in codes:
            if len(line) + len(name) > 120:
                out.write('codes' + line + '\n')
                line = ''
            line += ' ' + name
        if line:
            out.write('codes' + line + '\n')
        for name, base, info, elements in types:
            specifier = info.find(NS + 'baseTypeSpecifier')
            if specifier is not None:
                base = self.specifier(specifier)
            words = ['type', name, base]
            if info.get('target'):
                words.append('fhir=' + info.get('target'))
            if info.get('primaryCodePath'):
                words.append('code=' + info.get('primaryCodePath'))
            url = info.get('identifier')
            if url and info.get('retrievable') == 'true':
                words.append('profile=' + ('*' if url == SD + name else url))
            out.write(' '.join(words) + '\n')
            for element in elements:
                text = ' %s %s %s' % (element.get('name'), self.element_type(element), self.target(element.get('target')))
                out.write(text.rstrip() + '\n')


Table(ET.parse(sys.argv[1]).getroot()).write(sys.stdout)
