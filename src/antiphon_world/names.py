"""First and last names of the sample company's customers, by language."""

from __future__ import annotations

_FIRST = {
    "en": """
        Alice Amelia Ben Charlotte Daniel Edward Ella Emma George Grace Harry Isla Jack James Lily Lucy Mia
        Noah Olivia Oscar Ruby Sam Sophie Thomas William
    """,
    "es": """
        Adrián Alba Ana Andrés Carla Carmen Daniela Diego Elena Hugo Inés Irene Javier Laura Lucía Manuel
        Mario Marta Nuria Pablo Paula Raúl Sara Sergio Sofía
    """,
    "fr": """
        Adèle Alice Antoine Camille Chloé Clément Élise Emma Gabriel Hugo Inès Jules Julien Léa Léo Louis
        Louise Lucas Manon Margaux Nathan Raphaël Romain Théo Zoé
    """,
}
_LAST = {
    "en": """
        Adams Baker Bennett Brown Carter Clark Collins Cooper Davies Evans Foster Green Hall Harris Hill
        Hughes Jones King Lewis Miller Moore Parker Reed Turner Walker
    """,
    "es": """
        Alonso Blanco Cano Castillo Díaz Domínguez Fernández García Gil Gómez González Iglesias López Martín
        Molina Moreno Muñoz Navarro Ortega Ramos Romero Ruiz Sánchez Torres Vega
    """,
    "fr": """
        Bernard Blanc Bonnet Boyer Chevalier Dubois Dupont Durand Fontaine Fournier Garnier Girard Lambert
        Laurent Lefèvre Leroy Martin Mercier Moreau Morel Petit Richard Robert Roux Simon
    """,
}
FIRST = {language: tuple(names.split()) for language, names in _FIRST.items()}
LAST = {language: tuple(names.split()) for language, names in _LAST.items()}
